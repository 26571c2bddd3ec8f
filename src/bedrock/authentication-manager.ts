import type { Clock } from '../core/clock.js';
import { ServiceError, toServiceError } from '../core/errors.js';
import { region } from '../core/target.js';
import { createBedrockErrorHandler } from './error-handler.js';
import { withinTime } from './time-limit.js';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end; without it they hold until AWS refuses them. */
  readonly expiration?: Date;
}

export type CredentialsOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ServiceError };

/** Knows who this server is to AWS, and gets new credentials when the old ones end. */
export interface AuthenticationManager {
  /** Where the credentials come from, in words; never a secret. */
  readonly source: string;
  /** Credentials to sign with, loaded once and shared. @throws ServiceError authentication */
  credentials(): Promise<AwsCredentials>;
  /** The Bedrock API key, when that is what is used in place of signatures. */
  bearer(): string | undefined;
  /** Loads anew, whatever is held. Calls at the same time share one load. @throws ServiceError authentication */
  refresh(): Promise<void>;
  /** After AWS refused `used`: true when there are others now, so that one more try makes sense. */
  renew(used: AwsCredentials): Promise<boolean>;
  /** How the last load went; undefined before the first. */
  lastOutcome(): CredentialsOutcome | undefined;
}

export interface AuthenticationOptions {
  readonly clock: Clock;
  /** AWS_BEDROCK_ACCESS_KEY_ID and AWS_BEDROCK_SECRET_ACCESS_KEY: they win over everything else. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** AWS_BEARER_TOKEN_BEDROCK. */
  readonly bearerToken?: string;
  readonly profile?: string;
  /** For the chain's own calls to STS and SSO. */
  readonly region?: string;
}

interface Source {
  readonly name: string;
  load(): Promise<AwsCredentials & { readonly $source?: object }>;
}

const loadLimitMs = 15_000;
/** New credentials are fetched so long before the old ones end, but never more often than the second figure. */
const renewAheadMs = 300_000;
const leastHeldMs = 60_000;
/** Refused credentials that do not change are not loaded again for each call that meets them. */
const forcedEveryMs = 5_000;

const missingRemedy =
  'Set AWS_BEDROCK_ACCESS_KEY_ID and AWS_BEDROCK_SECRET_ACCESS_KEY, or AWS_BEARER_TOKEN_BEDROCK, or AWS_PROFILE.';

/** @throws ServiceError authentication when only one half of a key pair is given. */
export function createAuthenticationManager(options: AuthenticationOptions): AuthenticationManager {
  const { clock } = options;
  const source = chooseSource(options);
  let held: { credentials: AwsCredentials; loadedAtMs: number } | undefined;
  let loading: Promise<AwsCredentials> | undefined;
  let outcome: CredentialsOutcome | undefined;
  let forcedAtMs = Number.NEGATIVE_INFINITY;
  let found = '';

  const load = async () => {
    try {
      const { $source, ...credentials } = await withinTime(clock, loadLimitMs, lateError, source.load());
      found = foundWhere($source);
      held = { credentials, loadedAtMs: clock.nowMs() };
      outcome = { ok: true };
      return credentials;
    } catch (error) {
      outcome = { ok: false, error: credentialsError(error, source.name, clock) };
      throw outcome.error;
    } finally {
      loading = undefined;
    }
  };
  const loadShared = () => {
    loading ??= load();
    return loading;
  };

  return {
    get source() {
      return source.name + found;
    },
    credentials: async () => {
      if (held && isFresh(held, clock.nowMs())) return held.credentials;
      const usable = held && !hasEnded(held.credentials, clock.nowMs()) ? held.credentials : undefined;
      return usable ? loadShared().catch(() => usable) : loadShared();
    },
    bearer: () => (options.accessKeyId === undefined ? options.bearerToken : undefined),
    refresh: async () => {
      await loadShared();
    },
    renew: async (used) => {
      if (held && !isSame(held.credentials, used)) return true;
      if (!loading && clock.monotonicMs() - forcedAtMs < forcedEveryMs) return false;
      forcedAtMs = clock.monotonicMs();
      return !isSame(await loadShared(), used);
    },
    lastOutcome: () => outcome,
  };
}

function chooseSource(options: AuthenticationOptions): Source {
  const { accessKeyId, secretAccessKey, sessionToken, bearerToken, profile } = options;
  if (accessKeyId !== undefined || secretAccessKey !== undefined) {
    if (!accessKeyId || !secretAccessKey) throw halfPair(accessKeyId ? 'SECRET_ACCESS_KEY' : 'ACCESS_KEY_ID');
    const pair = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    return { name: 'AWS_BEDROCK_ACCESS_KEY_ID', load: () => Promise.resolve(pair) };
  }
  // A bearer token is not signed with; the SDK asks for credentials all the same and throws these away.
  if (bearerToken !== undefined) {
    return {
      name: 'AWS_BEARER_TOKEN_BEDROCK',
      load: () => Promise.resolve({ accessKeyId: 'bearer', secretAccessKey: 'bearer' }),
    };
  }
  return { name: profile === undefined ? 'default chain' : `profile ${profile}`, load: () => loadFromChain(options) };
}

/** The chain is built anew each time, because it memoises and would never see a rotated file. */
async function loadFromChain({ profile, region: chainRegion }: AuthenticationOptions) {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provider = defaultProvider({
    ignoreCache: true,
    ...(profile !== undefined && { profile }),
    ...(chainRegion !== undefined && { clientConfig: { region: chainRegion } }),
  });
  return provider();
}

function hasEnded({ expiration }: AwsCredentials, nowMs: number): boolean {
  return expiration !== undefined && expiration.getTime() <= nowMs;
}

function isFresh({ credentials, loadedAtMs }: { credentials: AwsCredentials; loadedAtMs: number }, nowMs: number) {
  if (credentials.expiration === undefined) return true;
  if (hasEnded(credentials, nowMs)) return false;
  return nowMs < Math.max(credentials.expiration.getTime() - renewAheadMs, loadedAtMs + leastHeldMs);
}

function isSame(left: AwsCredentials, right: AwsCredentials): boolean {
  return (
    left.accessKeyId === right.accessKeyId &&
    left.secretAccessKey === right.secretAccessKey &&
    left.sessionToken === right.sessionToken
  );
}

/** What the SDK calls the members of its chain, in words. */
const chainMembers: readonly (readonly [key: string, words: string])[] = [
  ['CREDENTIALS_ENV_VARS', 'AWS_ACCESS_KEY_ID'],
  ['CREDENTIALS_STS_ASSUME_ROLE_WEB_ID', 'web identity token'],
  ['CREDENTIALS_STS_ASSUME_ROLE', 'assumed role'],
  ['CREDENTIALS_SSO', 'single sign-on'],
  ['CREDENTIALS_PROCESS', 'credential process'],
  ['CREDENTIALS_HTTP', 'container role'],
  ['CREDENTIALS_IMDS', 'instance role'],
  ['CREDENTIALS_PROFILE', 'shared credentials file'],
];

function foundWhere($source: object | undefined): string {
  const member = chainMembers.find(([key]) => Object.keys($source ?? {}).some((name) => name.startsWith(key)));
  return member ? ` (${member[1]})` : '';
}

function halfPair(missing: string): ServiceError {
  return new ServiceError('authentication', 'Only one half of the AWS key pair is set.', {
    reason: 'credentials_missing',
    remedy: `Set AWS_BEDROCK_${missing} too, or unset its partner.`,
  });
}

function lateError(): ServiceError {
  return new ServiceError('authentication', 'The AWS credentials did not come in time.', {
    reason: 'credentials_missing',
    remedy: 'The operator has to check the credential process, the single sign-on login or the metadata service.',
  });
}

/** Whatever the chain threw: without credentials nothing can be signed, so it is about authentication. */
function credentialsError(thrown: unknown, source: string, clock: Clock): ServiceError {
  if (thrown instanceof ServiceError) return toServiceError(thrown);
  const mapped = createBedrockErrorHandler({ clock }).toServiceError(thrown, { region: region('') });
  if (mapped.category === 'authentication' && mapped.reason !== 'credentials_missing') return mapped;
  return new ServiceError('authentication', `No AWS credentials were found (${source}).`, {
    reason: 'credentials_missing',
    remedy: missingRemedy,
    cause: thrown,
  });
}
