import type { Settings } from './config/settings.js';
import type { Clock } from './core/clock.js';
import type { Logger } from './core/ports.js';
import { openApiKeys } from './server/auth/api-keys.js';
import { type Authentication, createAuthentication } from './server/auth/authentication.js';
import { createTokenIssuer } from './server/auth/token-issuer.js';

export interface AuthenticationOptions {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * What proves who a client is; undefined when the settings name nothing.
 * @throws ServiceError validation when the file of API keys cannot be used.
 */
export async function openAuthentication(options: AuthenticationOptions): Promise<Authentication | undefined> {
  const { settings, clock, logger } = options;
  const { apiKeysFile: file, oidcIssuer: url, oidcAudience: audience, ...claims } = settings.authentication;
  if (file === undefined && url === undefined) return undefined;
  const issuer = url !== undefined &&
    audience !== undefined && {
      issuer: createTokenIssuer({
        url,
        audience,
        tenantClaim: claims.oidcTenantClaim,
        groupsClaim: claims.oidcGroupsClaim,
        clock,
        logger,
      }),
    };
  return createAuthentication({
    ...(file !== undefined && { apiKeys: await openApiKeys({ file, clock, logger }) }),
    ...issuer,
  });
}
