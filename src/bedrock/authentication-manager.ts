import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import { region } from '../core/target.js';
import {
  type AwsCredentials,
  type CredentialOptions,
  chooseSource,
  credentialFiles,
  foundWhere,
  usesBearer,
} from './credential-sources.js';
import { type CredentialWatcher, watchCredentialFiles } from './credential-watcher.js';
import { createBedrockErrorHandler } from './error-handler.js';
import { withinTime } from './time-limit.js';

export type { AwsCredentials } from './credential-sources.js';

export type CredentialsOutcome = { readonly ok: true } | { readonly ok: false; readonly error: ServiceError };

/** Knows who this server is to AWS, and gets new credentials when the old ones end or change. */
export interface AuthenticationManager {
  /** Where the credentials come from, in words; never a secret. */
  readonly source: string;
  /** What `credentials` would give at once; undefined when they have to be loaded first. */
  held(): AwsCredentials | undefined;
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
  /** Ends the watch over files. */
  close(): void;
}

export interface AuthenticationOptions extends CredentialOptions {
  readonly clock: Clock;
  /** Rotated files are noticed by themselves, from the first load on until `close`. */
  readonly watchFiles?: boolean;
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
  let watcher: CredentialWatcher | undefined;
  let isClosed = false;

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
    // Begun before the first load, so that no change falls between the two.
    if (options.watchFiles && source.readsFiles && !isClosed) watcher ??= watchFiles(clock, reload);
    loading ??= load();
    return loading;
  };
  const atHand = () => (held && isFresh(held, clock.nowMs()) ? held.credentials : undefined);
  /** A load that runs may have read the files before they changed, so its result does not count. */
  async function reload(): Promise<void> {
    await loading?.catch(() => undefined);
    await loadShared();
  }

  return {
    get source() {
      return source.name + found;
    },
    held: atHand,
    credentials: async () => {
      const fresh = atHand();
      if (fresh) return fresh;
      const usable = held && !hasEnded(held.credentials, clock.nowMs()) ? held.credentials : undefined;
      return usable ? loadShared().catch(() => usable) : loadShared();
    },
    bearer: () => (usesBearer(options) ? options.bearerToken : undefined),
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
    close: () => {
      isClosed = true;
      watcher?.close();
    },
  };
}

function watchFiles(clock: Clock, reload: () => Promise<void>): CredentialWatcher {
  const files = credentialFiles(process.env);
  // A load that fails leaves the credentials held as they are: a file may be half written, and changes again then.
  return watchCredentialFiles({ clock, files, onChange: () => void reload().catch(() => undefined) });
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

function lateError(): ServiceError {
  return new ServiceError('authentication', 'The AWS credentials did not come in time.', {
    reason: 'credentials_missing',
    remedy: 'The operator has to check the credential process, the single sign-on login or the metadata service.',
  });
}

/** Whatever the chain threw: without credentials nothing can be signed, so it is about authentication. */
function credentialsError(thrown: unknown, source: string, clock: Clock): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const mapped = createBedrockErrorHandler({ clock }).toServiceError(thrown, { region: region('') });
  if (mapped.category === 'authentication' && mapped.reason !== 'credentials_missing') return mapped;
  return new ServiceError('authentication', `No AWS credentials were found (${source}).`, {
    reason: 'credentials_missing',
    remedy: missingRemedy,
    cause: thrown,
  });
}
