import type { Clock, Random } from '../core/clock.js';
import { ServiceError, toServiceError } from '../core/errors.js';
import type { CallEvent, EventSubscriber, ServerEvent } from '../core/events.js';
import type { AuthenticationManager } from './authentication-manager.js';

/** Whether AWS takes the credentials of this server. */
export type Readiness =
  /** Nobody has asked yet. */
  | { readonly phase: 'unused' }
  | { readonly phase: 'starting'; readonly tries: number; readonly error?: ServiceError }
  /** `unverified`: there are credentials, but AWS could not be asked about them. */
  | { readonly phase: 'ready'; readonly unverified?: ServiceError }
  | { readonly phase: 'not_ready'; readonly tries: number; readonly error: ServiceError };

export interface AuthenticationReadiness extends EventSubscriber {
  /** Begins to find out, in the background. */
  start(): void;
  state(): Readiness;
  close(): void;
}

export interface ReadinessOptions {
  readonly authentication: AuthenticationManager;
  /** Asks AWS something that needs valid credentials. @throws ServiceError */
  readonly verify: (signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  /** Told when it becomes ready, or not ready any more. */
  readonly onServerEvent?: (event: ServerEvent) => void;
}

const triesAtStart = 3;
const firstWaitMs = 500;
const slowWaitMs = 15_000;
const longestWaitMs = 60_000;

/**
 * Tries at start up to three times; after that the server is not ready, stays up, and goes on trying slowly. A call that
 * AWS refuses for its credentials makes it not ready too, one that succeeds makes it ready.
 */
export function createAuthenticationReadiness(options: ReadinessOptions): AuthenticationReadiness {
  const { clock, random, onServerEvent = () => undefined } = options;
  const closed = new AbortController();
  const { signal } = closed;
  let state: Readiness = { phase: 'unused' };
  let isRunning = false;
  let told: boolean | undefined;

  const become = (next: Readiness) => {
    state = next;
    const ready = state.phase === 'ready';
    if (ready === told || !(ready || state.phase === 'not_ready')) return;
    told = ready;
    const trouble = state.phase === 'not_ready' ? state.error : state.phase === 'ready' && state.unverified;
    onServerEvent({ type: 'readiness-changed', ready, why: trouble ? trouble.message : 'AWS takes the credentials.' });
  };
  const tryOnce = async (tries: number) => {
    const error = await attempt(options, tries, signal);
    if (error?.category === 'authentication') {
      become({ phase: tries < triesAtStart ? 'starting' : 'not_ready', tries, error });
    } else {
      become({ phase: 'ready', ...(error && { unverified: error }) });
    }
  };
  /** A call may succeed in the meantime, which ends it as well. */
  const establish = async (triedBefore: number) => {
    const isReady = () => state.phase === 'ready';
    for (let tries = triedBefore + 1; !isReady() && !signal.aborted; tries += 1) {
      if (tries > 1) await clock.sleep(waitMs(tries - 1, random), signal);
      if (!isReady()) await tryOnce(tries);
    }
  };
  const run = (triedBefore: number) => {
    if (isRunning) return;
    isRunning = true;
    const ended = () => {
      isRunning = false;
    };
    establish(triedBefore).then(ended, ended);
  };

  return {
    start: () => {
      if (state.phase !== 'unused') return;
      state = { phase: 'starting', tries: 0 };
      run(0);
    },
    state: () => state,
    onCallEvent: (event) => {
      const failure = credentialsFailure(event);
      if (failure) {
        become({ phase: 'not_ready', tries: triesAtStart, error: failure });
        run(triesAtStart);
      } else if (event.type === 'attempt-ended' && event.outcome === 'succeeded') {
        become({ phase: 'ready' });
      }
    },
    close: () => closed.abort(),
  };
}

async function attempt(
  { authentication, verify }: ReadinessOptions,
  tries: number,
  signal: AbortSignal,
): Promise<ServiceError | undefined> {
  try {
    // The first try shares the load that the first call makes anyway.
    await (tries === 1 ? authentication.credentials() : authentication.refresh());
    await verify(signal);
    return undefined;
  } catch (thrown) {
    return toServiceError(thrown);
  }
}

function waitMs(triesMade: number, random: Random): number {
  const fullMs =
    triesMade < triesAtStart
      ? firstWaitMs * 4 ** (triesMade - 1)
      : Math.min(slowWaitMs * 2 ** (triesMade - triesAtStart), longestWaitMs);
  return fullMs * (0.5 + random.next() / 2);
}

/** The failure of an attempt that only the operator can mend; `undefined` for any other event. */
function credentialsFailure(event: CallEvent): ServiceError | undefined {
  if (event.type !== 'attempt-ended' || event.failure?.category !== 'authentication') return undefined;
  const { message, reason } = event.failure;
  return new ServiceError('authentication', message, { ...(reason && { reason }) });
}
