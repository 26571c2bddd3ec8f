import type { Clock } from '../core/clock.js';
import { type ErrorCategory, errorPolicies } from '../core/errors.js';
import type { AttemptSummary, EventSubscriber } from '../core/events.js';
import type { PerformanceRecord, TargetPerformance } from '../core/ports.js';
import { type Target, targetKey } from '../core/target.js';

interface Measured {
  calls: number;
  errorRate: number;
  latencyMs: number | undefined;
  timeToFirstTokenMs: number | undefined;
  updatedAtMs: number;
}

const errorWeight = 0.1;
/** A target that gets slower is noticed sooner than one that gets faster. */
const latencyWeight = { up: 0.4, down: 0.15 };
/** An error is forgotten with this time constant, so that a target that was left alone is tried again. */
const forgetErrorsMs = 30_000;
/** Stands for the latency of a target that never answered: quick refusals must not make it look fast. */
const unknownLatencyMs = 5_000;
const mostTargets = 1_000;

/** Error rate and latency of each target as moving averages over all attempts, whatever task they were for. */
export function createPerformanceTracker({ clock }: { readonly clock: Clock }): PerformanceRecord & EventSubscriber {
  const byTarget = new Map<string, Measured>();
  const currentErrorRate = (measured: Measured): number =>
    measured.errorRate * Math.exp((measured.updatedAtMs - clock.monotonicMs()) / forgetErrorsMs);

  return {
    of: (target: Target): TargetPerformance | undefined => {
      const measured = byTarget.get(targetKey(target));
      if (measured === undefined) return undefined;
      const { calls, latencyMs = unknownLatencyMs, timeToFirstTokenMs } = measured;
      const firstToken = timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs };
      return { calls, latencyMs, errorRate: currentErrorRate(measured), ...firstToken };
    },
    onCallEvent: (event) => {
      if (event.type !== 'attempt-ended' || !tellsOfTarget(event)) return;
      const key = targetKey(event.target);
      const before = byTarget.get(key);
      const errorRate = before === undefined ? 0 : currentErrorRate(before);
      // Deleted first, so that the oldest entry of the map is the one that was not used for longest.
      byTarget.delete(key);
      byTarget.set(key, { ...updated(before, event, errorRate), updatedAtMs: clock.monotonicMs() });
      const oldest = byTarget.size > mostTargets ? byTarget.keys().next().value : undefined;
      if (oldest !== undefined) byTarget.delete(oldest);
    },
  };
}

/** A mistake of the caller, a cancel or a spent budget says nothing about the target. */
function tellsOfTarget({ outcome, failure }: AttemptSummary): boolean {
  if (outcome === 'succeeded' || failure === undefined) return outcome === 'succeeded';
  const category: ErrorCategory = failure.category;
  return errorPolicies[category].failover && category !== 'budget_exceeded' && failure.reason !== 'breaker_open';
}

function updated(before: Measured | undefined, attempt: AttemptSummary, errorRate: number) {
  const failed = attempt.outcome === 'failed';
  const { timeToFirstTokenMs } = attempt;
  return {
    calls: (before?.calls ?? 0) + 1,
    errorRate: errorRate + errorWeight * (Number(failed) - errorRate),
    latencyMs: failed ? before?.latencyMs : follow(before?.latencyMs, attempt.latencyMs),
    timeToFirstTokenMs:
      failed || timeToFirstTokenMs === undefined
        ? before?.timeToFirstTokenMs
        : follow(before?.timeToFirstTokenMs, timeToFirstTokenMs),
  };
}

function follow(average: number | undefined, value: number): number {
  if (average === undefined) return value;
  return average + (value > average ? latencyWeight.up : latencyWeight.down) * (value - average);
}
