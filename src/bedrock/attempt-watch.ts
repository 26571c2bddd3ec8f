import { createAlarm } from '../core/alarm.js';
import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Target } from '../core/target.js';

/** Ends an attempt that stays silent for too long, and carries the caller's cancel on. */
export interface AttemptWatch {
  /** Aborted by the caller's signal, by a limit, or by `abort`. */
  readonly signal: AbortSignal;
  /** Starts to count until the first piece of the answer. */
  awaitFirstToken(): void;
  /** Something arrived: counts anew, by the limit between two pieces. */
  sawLife(): void;
  /** Ends the attempt, its socket with it. */
  abort(): void;
  stop(): void;
}

export interface AttemptLimits {
  readonly firstTokenTimeoutMs: number;
  /** Between two events of a stream. */
  readonly idleTimeoutMs: number;
}

export interface AttemptWatches {
  open(limits: AttemptLimits, target: Target, caller: AbortSignal): AttemptWatch;
  /** Ends the sleeper; attempts under way are watched no more. */
  close(): void;
}

interface Watched {
  dueMs: number;
  late(): void;
}

/** One sleeper for all attempts of a client: it wakes when the first of them may be late, looks, and sleeps again. */
export function createAttemptWatches(clock: Clock): AttemptWatches {
  const watched = new Set<Watched>();
  const look = (): void => {
    const nowMs = clock.monotonicMs();
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const each of watched) {
      if (each.dueMs <= nowMs) each.late();
      else earliestMs = Math.min(earliestMs, each.dueMs);
    }
    alarm.ringBy(earliestMs);
  };
  const alarm = createAlarm(clock, look);

  return {
    open: (limits, target, caller) => {
      const controller = new AbortController();
      const onCallerAbort = () => controller.abort(caller.reason);
      if (caller.aborted) onCallerAbort();
      else caller.addEventListener('abort', onCallerAbort);
      let silence = silentStart;
      const entry: Watched = {
        dueMs: Number.POSITIVE_INFINITY,
        late: () => {
          watched.delete(entry);
          controller.abort(silence(target));
        },
      };
      return {
        signal: controller.signal,
        awaitFirstToken: () => {
          entry.dueMs = clock.monotonicMs() + limits.firstTokenTimeoutMs;
          watched.add(entry);
          alarm.ringBy(entry.dueMs);
        },
        sawLife: () => {
          entry.dueMs = clock.monotonicMs() + limits.idleTimeoutMs;
          silence = silentMiddle;
          if (watched.has(entry)) alarm.ringBy(entry.dueMs);
        },
        abort: () => controller.abort(),
        stop: () => {
          watched.delete(entry);
          caller.removeEventListener('abort', onCallerAbort);
        },
      };
    },
    close: () => alarm.close(),
  };
}

function silentStart(target: Target): ServiceError {
  return new ServiceError('timeout', `${target.model} in ${target.region} did not begin to answer in time.`, {
    reason: 'first_token_timeout',
    target,
  });
}

function silentMiddle(target: Target): ServiceError {
  return new ServiceError('timeout', `${target.model} in ${target.region} stopped in the middle of its answer.`, {
    reason: 'idle_timeout',
    target,
  });
}
