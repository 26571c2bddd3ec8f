import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { CallContext } from '../core/pipeline.js';

/** Lets so many calls in at once; the rest wait in order, for no longer than their deadline allows. */
export interface ConcurrencyGate {
  /** Resolves to the function that gives the place back; to be called once. */
  enter(context: Pick<CallContext, 'signal' | 'deadlineMs'>): Promise<() => void>;
}

export interface ConcurrencyGateOptions {
  readonly limit: number;
  readonly maxQueued: number;
  readonly clock: Clock;
}

const shortestRetryMs = 100;
const longestRetryMs = 60_000;
/** Weight of the newest call in the average duration. */
const newestWeight = 0.2;

export function createConcurrencyGate({ limit, maxQueued, clock }: ConcurrencyGateOptions): ConcurrencyGate {
  const waiting = new Set<() => void>();
  let running = 0;
  let averageMs: number | undefined;

  const expectedWaitMs = () => ((waiting.size + 1) * (averageMs ?? 0)) / limit;

  function leave(startedAtMs: number): void {
    const durationMs = clock.monotonicMs() - startedAtMs;
    averageMs = averageMs === undefined ? durationMs : averageMs + newestWeight * (durationMs - averageMs);
    running -= 1;
    const [wake] = waiting;
    wake?.();
  }

  /** Takes a free place. The result may be called again without effect, so a double release cannot widen the gate. */
  function take(): () => void {
    const startedAtMs = clock.monotonicMs();
    let held = true;
    running += 1;
    return () => {
      if (!held) return;
      held = false;
      leave(startedAtMs);
    };
  }

  function overloaded(): ServiceError {
    const retryAfterMs = Math.min(longestRetryMs, Math.max(shortestRetryMs, Math.ceil(expectedWaitMs())));
    return new ServiceError(
      'rate_limit',
      `The server is at its limit of ${limit} concurrent calls and its queue has no place in time.`,
      { reason: 'overloaded', retryAfterMs, remedy: 'Wait for retry_after_ms and call again.' },
    );
  }

  function wait(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener('abort', giveUp);
        resolve(take());
      };
      const giveUp = () => {
        waiting.delete(wake);
        reject(abortedError(signal));
      };
      waiting.add(wake);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  return {
    enter: async ({ signal, deadlineMs }) => {
      if (signal.aborted) throw abortedError(signal);
      if (running < limit) return take();
      const inTime = clock.monotonicMs() + expectedWaitMs() <= deadlineMs;
      if (waiting.size >= maxQueued || !inTime) throw overloaded();
      return wait(signal);
    },
  };
}
