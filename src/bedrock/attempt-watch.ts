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

/** A reason made once: without one, each abort makes an error with a stack. */
const over = new Error('The attempt has ended.');

export function createAttemptWatch(
  clock: Clock,
  limits: AttemptLimits,
  target: Target,
  caller: AbortSignal,
): AttemptWatch {
  const controller = new AbortController();
  const stopped = new AbortController();
  const onCallerAbort = () => controller.abort(caller.reason);
  if (caller.aborted) onCallerAbort();
  else caller.addEventListener('abort', onCallerAbort, { once: true });
  let dueMs = Number.POSITIVE_INFINITY;
  let late = () => silentStart(target);

  // One sleeper for the whole attempt, not one for each event: it wakes, looks when the limit is due now, sleeps again.
  const longestNapMs = Math.min(limits.firstTokenTimeoutMs, limits.idleTimeoutMs);
  const watch = async () => {
    for (let waitMs = dueMs - clock.monotonicMs(); waitMs > 0; waitMs = dueMs - clock.monotonicMs()) {
      await clock.sleep(Math.min(waitMs, longestNapMs), stopped.signal);
    }
    controller.abort(late());
  };

  return {
    signal: controller.signal,
    awaitFirstToken: () => {
      dueMs = clock.monotonicMs() + limits.firstTokenTimeoutMs;
      // Rejects only when stopped, which is no news.
      watch().catch(() => undefined);
    },
    sawLife: () => {
      dueMs = clock.monotonicMs() + limits.idleTimeoutMs;
      late = () => silentMiddle(target);
    },
    abort: () => controller.abort(),
    stop: () => {
      stopped.abort(over);
      caller.removeEventListener('abort', onCallerAbort);
    },
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
