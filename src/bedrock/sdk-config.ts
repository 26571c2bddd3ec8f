import type { AuthenticationManager } from './authentication-manager.js';
import type { ConnectionOptions } from './connection-options.js';
import type { SdkHandler } from './sdk-handler.js';

export interface SdkConfigOptions {
  readonly authentication: AuthenticationManager;
  readonly region: string;
  readonly requestHandler: SdkHandler;
  /** Instead of AWS's own for the region. */
  readonly endpoint?: string;
  readonly connection?: Partial<Pick<ConnectionOptions, 'fips' | 'dualStack' | 'maxAnswerBytes'>>;
}

/** What every AWS client of this server is made with. Retries are the resilience stage's, so the SDK makes none. */
export function sdkConfig({ authentication, region, requestHandler, endpoint, connection }: SdkConfigOptions) {
  const token = authentication.bearer();
  return {
    region,
    requestHandler,
    maxAttempts: 1,
    // Said outright, because the SDK prefers a bearer token from the environment to credentials given in code.
    authSchemePreference: [token === undefined ? 'sigv4' : 'httpBearerAuth'],
    // `memoized` keeps the SDK from putting its own cache, which cannot be emptied, over ours.
    credentials: Object.assign(() => authentication.credentials(), { memoized: true }),
    ...(token !== undefined && { token: { token } }),
    ...(endpoint === undefined
      ? { useFipsEndpoint: connection?.fips ?? false, useDualstackEndpoint: connection?.dualStack ?? false }
      : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
  };
}
