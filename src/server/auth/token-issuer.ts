import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import { type Caller, scopes } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import { fetchSmall, isTrustworthy } from './fetch-small.js';

/** Asymmetric ones only: a public key must not be taken for a shared secret. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const skewSeconds = 30;
const timeoutMs = 5_000;
/** Keys that a token names and we do not know are asked for this often at most, so that nobody can make us ask. */
const cooldownMs = 30_000;
const cacheMaxAgeMs = 600_000;
/** After a failed discovery. */
const restMs = 5_000;
const longestName = 256;
const maxGroups = 100;

export const scopePrefix = 'bedrock:';

export interface TokenIssuerOptions {
  /** As it stands in the `iss` claim. */
  readonly url: string;
  readonly audience: string;
  readonly tenantClaim: string;
  readonly groupsClaim: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An OpenID Connect provider whose access tokens are taken. */
export interface TokenIssuer {
  readonly url: string;
  /** Whose token it is; undefined when it is not valid here. @throws ServiceError network */
  verify(token: string): Promise<Caller | undefined>;
}

type KeySet = ReturnType<typeof createRemoteJWKSet>;

function unreachable(url: string, cause: unknown): ServiceError {
  return new ServiceError('network', 'The identity provider cannot be asked.', {
    remedy: `Check that this server reaches ${url}.`,
    retryAfterMs: restMs,
    cause,
  });
}

/** Where the provider says its keys are (OpenID Connect Discovery 1.0, section 4). */
async function discover(url: string): Promise<KeySet> {
  const address = `${url.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetchSmall(address, { signal: AbortSignal.timeout(timeoutMs) });
  const found = (await answer.json()) as Readonly<Record<string, unknown>> | null;
  const { issuer, jwks_uri: keys } = found ?? {};
  if (!answer.ok || issuer !== url) throw new Error(`${address} does not describe this issuer`);
  if (typeof keys !== 'string' || !isTrustworthy(keys)) throw new Error(`${address} names no usable jwks_uri`);
  return createRemoteJWKSet(new URL(keys), {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: cacheMaxAgeMs,
    [customFetch]: fetchSmall,
  });
}

function scopesOf({ scope, scp }: JWTPayload): Caller['scopes'] {
  const claim = scope ?? scp;
  const granted: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return scopes.filter((name) => granted.includes(`${scopePrefix}${name}`));
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= longestName;

/** Undefined for a token without a usable subject. */
function callerOf(payload: JWTPayload, { tenantClaim, groupsClaim }: TokenIssuerOptions): Caller | undefined {
  const { [tenantClaim]: tenant, [groupsClaim]: groups, sub } = payload;
  if (!isName(sub)) return undefined;
  const id = `oidc:${sub}`;
  return {
    id,
    tenant: isName(tenant) ? tenant : id,
    scopes: scopesOf(payload) ?? [],
    ...(Array.isArray(groups) && { groups: groups.filter(isName).slice(0, maxGroups) }),
  };
}

/** Errors that say something of the token; all others say something of the provider. */
const isAboutToken = (error: unknown): boolean =>
  error instanceof errors.JOSEError &&
  !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC');

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { url, audience, clock, logger } = options;
  let keySet: Promise<KeySet> | undefined;
  let restUntilMs = Number.NEGATIVE_INFINITY;
  let lastFailure = new Error('not asked yet');

  function keys(): Promise<KeySet> {
    if (!keySet && clock.monotonicMs() < restUntilMs) return Promise.reject(lastFailure);
    keySet ??= discover(url).catch((error: unknown) => {
      keySet = undefined;
      lastFailure = error instanceof Error ? error : new Error(String(error));
      restUntilMs = clock.monotonicMs() + restMs;
      throw error;
    });
    return keySet;
  }

  async function read(token: string): Promise<JWTPayload> {
    const currentDate = new Date(clock.nowMs());
    const { payload } = await jwtVerify(token, await keys(), {
      issuer: url,
      audience,
      algorithms,
      currentDate,
      clockTolerance: skewSeconds,
      requiredClaims: ['exp', 'sub'],
    });
    return payload;
  }

  return {
    url,
    verify: async (token) => {
      try {
        const payload = await read(token);
        const isFromLater = (payload.iat ?? 0) > clock.nowMs() / 1_000 + skewSeconds;
        return isFromLater ? undefined : callerOf(payload, options);
      } catch (error) {
        // The code says what is wrong; the message could hold parts of the token.
        if (isAboutToken(error)) {
          logger.debug('A token was refused.', { code: (error as errors.JOSEError).code });
          return undefined;
        }
        throw unreachable(url, error);
      }
    },
  };
}
