import type { Clock } from '../core/clock.js';
import { abortedError } from '../core/errors.js';
import type { FoundEntry } from './cache-manager.js';
import { type AnswerClaims, type Claim, leaseMs } from './stores/answer-claims.js';

/** Another process may take so long before this one does the work itself; it has half of its own time left then. */
const longestWaitMs = 30_000;
const firstPauseMs = 20;
const longestPauseMs = 250;

export interface SharedFlightOptions {
  readonly claims: AnswerClaims;
  readonly clock: Clock;
}

export interface Waiting {
  readonly signal: AbortSignal;
  /** Monotonic clock. */
  readonly deadlineMs: number;
  /** What was spent on asking Redis already. */
  readonly spentMs: number;
  /** What another process has kept meanwhile, if it is good enough. */
  readonly find: () => Promise<FoundEntry | undefined>;
}

/** Work that lasts until its result is kept, so that nobody takes the claim before it can be found. */
export interface Making<T> {
  readonly result: T;
  readonly kept: Promise<void>;
}

export type Made<T> = { readonly made: T } | { readonly found: FoundEntry };

/** Does the work once for all processes, or waits for the one that does it. */
export interface SharedFlight {
  run<T>(key: string, waiting: Waiting, work: (claim: Claim | undefined) => Promise<Making<T>>): Promise<Made<T>>;
}

export function createSharedFlight({ claims, clock }: SharedFlightOptions): SharedFlight {
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    try {
      await clock.sleep(ms, signal);
    } catch {
      throw abortedError(signal);
    }
  };
  const renewing = async (key: string, claim: Claim, over: AbortSignal): Promise<void> => {
    for (;;) {
      await clock.sleep(leaseMs / 3, over);
      await claims.renew(key, claim);
    }
  };
  const hold = async <T>(key: string, claim: Claim, work: (claim: Claim) => Promise<Making<T>>): Promise<T> => {
    const over = new AbortController();
    renewing(key, claim, over.signal).catch(() => undefined);
    const letGo = () => {
      over.abort();
      return claims.release(key, claim);
    };
    try {
      const { result, kept } = await work(claim);
      void kept.finally(letGo);
      return result;
    } catch (error) {
      void letGo();
      throw error;
    }
  };
  return {
    run: async (key, { signal, deadlineMs, spentMs, find }, work) => {
      const startedAtMs = clock.monotonicMs();
      const leftMs = deadlineMs - startedAtMs;
      const waitUntilMs = startedAtMs + Math.min(longestWaitMs, leftMs / 2);
      // Look-up and claim together may cost no more than Redis may take once.
      let outcome = await claims.claim(key, leftMs, Math.max(1, claims.timeoutMs - spentMs));
      let waited = typeof outcome === 'object' && outcome.token > 1;
      for (let pauseMs = firstPauseMs; outcome === 'taken' && clock.monotonicMs() < waitUntilMs; pauseMs *= 2) {
        await pause(Math.min(pauseMs, longestPauseMs), signal);
        const found = await find();
        if (found) return { found };
        outcome = await claims.claim(key, leftMs);
        waited = true;
      }
      if (typeof outcome !== 'object') return { made: (await work(undefined)).result };
      // Who had it before may have kept the answer between the last look and the claim.
      const found = waited ? await find() : undefined;
      if (found) void claims.release(key, outcome);
      return found ? { found } : { made: await hold(key, outcome, work) };
    },
  };
}
