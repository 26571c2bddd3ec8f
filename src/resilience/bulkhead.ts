import type { Clock } from '../core/clock.js';
import { abortedError } from '../core/errors.js';

/** Lets so many calls to one target run at once; the rest wait in order. */
export interface Bulkhead {
  /**
   * Resolves to the function that gives the place back, or to the expected wait in milliseconds when no place is to be
   * had within `patienceMs`. Rejects with the abort of the call.
   */
  enter(patienceMs: number, signal: AbortSignal): Promise<BulkheadEntry>;
  readonly running: number;
  readonly waiting: number;
}

export type BulkheadEntry =
  | { readonly entered: true; readonly leave: () => void }
  | { readonly entered: false; readonly retryAfterMs: number };

export interface BulkheadOptions {
  readonly limit: number;
  readonly maxQueued: number;
  readonly clock: Clock;
}

const shortestRetryMs = 50;
const longestPatienceMs = 3_600_000;
/** Weight of the newest call in the average duration. */
const newestWeight = 0.2;

export function createBulkhead({ limit, maxQueued, clock }: BulkheadOptions): Bulkhead {
  const queue = new Set<() => void>();
  let running = 0;
  let averageMs = 0;

  const expectedWaitMs = () => ((queue.size + 1) * averageMs) / limit;
  const refused = (): BulkheadEntry => ({
    entered: false,
    retryAfterMs: Math.max(shortestRetryMs, Math.ceil(expectedWaitMs())),
  });

  function take(): BulkheadEntry {
    const startedAtMs = clock.monotonicMs();
    let held = true;
    running += 1;
    const leave = () => {
      // A place given back twice would widen the bulkhead.
      if (!held) return;
      held = false;
      const durationMs = clock.monotonicMs() - startedAtMs;
      averageMs = averageMs === 0 ? durationMs : averageMs + newestWeight * (durationMs - averageMs);
      running -= 1;
      const [wake] = queue;
      wake?.();
    };
    return { entered: true, leave };
  }

  return {
    enter: async (patienceMs, signal) => {
      if (signal.aborted) throw abortedError(signal);
      if (running < limit) return take();
      if (queue.size >= maxQueued || patienceMs <= 0 || expectedWaitMs() > patienceMs) return refused();
      return (await inQueue({ queue, clock, signal, patienceMs }, take)) ?? refused();
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
  };
}

interface Wait {
  readonly queue: Set<() => void>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patienceMs: number;
}

/** What `take` gives when the turn comes, in the same instant; undefined when patience ends before. */
function inQueue<Place>({ queue, clock, signal, patienceMs }: Wait, take: () => Place): Promise<Place | undefined> {
  return new Promise((resolve, reject) => {
    const patience = new AbortController();
    const done = () => {
      queue.delete(wake);
      signal.removeEventListener('abort', onAbort);
      patience.abort();
    };
    const wake = () => {
      done();
      resolve(take());
    };
    const onAbort = () => {
      done();
      reject(abortedError(signal));
    };
    queue.add(wake);
    signal.addEventListener('abort', onAbort, { once: true });
    clock.sleep(Math.min(patienceMs, longestPatienceMs), patience.signal).then(
      () => {
        done();
        resolve(undefined);
      },
      () => undefined,
    );
  });
}
