import type { Clock } from '../core/clock.js';
import { type ErrorCategory, errorPolicies } from '../core/errors.js';
import type { AttemptSummary, EventSubscriber } from '../core/events.js';
import type { PerformanceRecord, TargetPerformance } from '../core/ports.js';
import { type Target, targetKey } from '../core/target.js';

/** What matters when equal targets share the load. */
export interface TargetLoad {
  readonly inFlight: number;
  /** Undefined before the first answer. */
  readonly latencyMs?: number;
  /** 0 to 1: the part of the latest attempts that the region throttled. */
  readonly throttleRate: number;
  /** The last attempt was throttled, and is so long ago that it may be otherwise by now. */
  readonly probeDue?: boolean;
}

export interface LoadRecord {
  loadOf(target: Target): TargetLoad;
  /** Grows with everything that is learned: equal values mean equal knowledge. */
  version(): number;
}

export type PerformanceTracker = PerformanceRecord & LoadRecord & EventSubscriber;

interface Measured {
  calls: number;
  inFlight: number;
  errorRate: number;
  throttleRate: number;
  throttledInRow: number;
  throttledSinceMs: number;
  startedAtMs: number;
  /** Follows the latest calls; see `usualLatencyMs` for what it falls back to. */
  latencyMs: number | undefined;
  usualLatencyMs: number | undefined;
  timeToFirstTokenMs: number | undefined;
  updatedAtMs: number;
}

const errorWeight = 0.1;
/** A target that gets slower is noticed sooner than one that gets faster. */
const latencyWeight = { up: 0.4, down: 0.15 };
const usualLatencyWeight = 0.02;
/** An error or a slow spell is forgotten with this time constant, so that a target left alone is tried again. */
const forgetMs = 30_000;
const forgetThrottlingMs = 60_000;
/** A target whose last word was a refusal is asked again after so long, whatever else speaks against it. */
const probeAfterMs = 1_000;
/** An answer after so many refusals, over so long a time, means that they are over: they say nothing of now. */
const throttledSpell = { refusals: 3, lastsMs: 1_000 };
/** Stands for the latency of a target that never answered: quick refusals must not make it look fast. */
const unknownLatencyMs = 5_000;
const mostTargets = 1_000;
const idle: TargetLoad = { inFlight: 0, throttleRate: 0 };

/** Error rate, latency and load of each target as moving averages over all attempts, whatever task they were for. */
export function createPerformanceTracker({ clock }: { readonly clock: Clock }): PerformanceTracker {
  const byTarget = new Map<string, Measured>();
  let version = 0;
  const faded = (value: number, measured: Measured, timeMs = forgetMs): number =>
    value * Math.exp((measured.updatedAtMs - clock.monotonicMs()) / timeMs);
  const latencyOf = (measured: Measured): number | undefined => {
    const { latencyMs, usualLatencyMs = latencyMs } = measured;
    if (latencyMs === undefined || usualLatencyMs === undefined) return undefined;
    return usualLatencyMs + faded(latencyMs - usualLatencyMs, measured);
  };
  /** The entry of the target, moved to the end of the map: the first is the one not used for longest. */
  const touch = (target: Target): Measured => {
    const key = targetKey(target);
    const measured = byTarget.get(key) ?? unmeasured(clock.monotonicMs());
    byTarget.delete(key);
    byTarget.set(key, measured);
    const oldest = byTarget.size > mostTargets ? byTarget.keys().next().value : undefined;
    if (oldest !== undefined) byTarget.delete(oldest);
    return measured;
  };
  const learn = (measured: Measured, attempt: AttemptSummary): void => {
    measured.errorRate = faded(measured.errorRate, measured);
    measured.throttleRate = faded(measured.throttleRate, measured, forgetThrottlingMs);
    measured.latencyMs = latencyOf(measured);
    measured.updatedAtMs = clock.monotonicMs();
    update(measured, attempt);
  };

  return {
    version: () => version,
    of: (target: Target): TargetPerformance | undefined => {
      const measured = byTarget.get(targetKey(target));
      if (measured === undefined || measured.calls === 0) return undefined;
      const { calls, timeToFirstTokenMs } = measured;
      const firstToken = timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs };
      const latencyMs = latencyOf(measured) ?? unknownLatencyMs;
      return { calls, latencyMs, errorRate: faded(measured.errorRate, measured), ...firstToken };
    },
    loadOf: (target) => {
      const measured = byTarget.get(targetKey(target));
      if (measured === undefined) return idle;
      const latencyMs = latencyOf(measured);
      const throttleRate = faded(measured.throttleRate, measured, forgetThrottlingMs);
      const idleMs = clock.monotonicMs() - measured.startedAtMs;
      const probeDue = measured.throttledInRow > 0 && idleMs >= probeAfterMs;
      return { inFlight: measured.inFlight, throttleRate, probeDue, ...(latencyMs !== undefined && { latencyMs }) };
    },
    onCallEvent: (event) => {
      if (event.type !== 'attempt-started' && event.type !== 'attempt-ended') return;
      version += 1;
      const measured = touch(event.target);
      if (event.type === 'attempt-started') {
        measured.inFlight += 1;
        measured.startedAtMs = clock.monotonicMs();
        return;
      }
      measured.inFlight = Math.max(0, measured.inFlight - 1);
      if (tellsOfTarget(event)) learn(measured, event);
    },
  };
}

const unmeasured = (nowMs: number): Measured => ({
  calls: 0,
  inFlight: 0,
  errorRate: 0,
  throttleRate: 0,
  throttledInRow: 0,
  throttledSinceMs: nowMs,
  startedAtMs: nowMs,
  latencyMs: undefined,
  usualLatencyMs: undefined,
  timeToFirstTokenMs: undefined,
  updatedAtMs: nowMs,
});

/** A mistake of the caller, a cancel or a spent budget says nothing about the target. */
function tellsOfTarget({ outcome, failure }: AttemptSummary): boolean {
  if (outcome === 'succeeded' || failure === undefined) return outcome === 'succeeded';
  const category: ErrorCategory = failure.category;
  return errorPolicies[category].failover && category !== 'budget_exceeded' && failure.reason !== 'breaker_open';
}

function update(measured: Measured, { outcome, failure, latencyMs, timeToFirstTokenMs }: AttemptSummary): void {
  const failed = outcome === 'failed';
  const throttled = failure?.category === 'rate_limit' || failure?.category === 'quota';
  measured.calls += 1;
  measured.errorRate += errorWeight * (Number(failed) - measured.errorRate);
  measured.throttleRate += errorWeight * (Number(throttled) - measured.throttleRate);
  noteRefusal(measured, throttled, failed);
  if (failed) return;
  measured.usualLatencyMs = usual(measured.usualLatencyMs, latencyMs);
  measured.latencyMs = follow(measured.latencyMs, latencyMs);
  if (timeToFirstTokenMs === undefined) return;
  measured.timeToFirstTokenMs = follow(measured.timeToFirstTokenMs, timeToFirstTokenMs);
}

function noteRefusal(measured: Measured, throttled: boolean, failed: boolean): void {
  const { updatedAtMs: nowMs, throttledInRow, throttledSinceMs } = measured;
  if (throttled) {
    if (throttledInRow === 0) measured.throttledSinceMs = nowMs;
    measured.throttledInRow += 1;
    return;
  }
  const wasSpell = throttledInRow >= throttledSpell.refusals && nowMs - throttledSinceMs >= throttledSpell.lastsMs;
  if (wasSpell && !failed) measured.throttleRate = 0;
  measured.throttledInRow = 0;
}

function follow(average: number | undefined, value: number): number {
  if (average === undefined) return value;
  return average + (value > average ? latencyWeight.up : latencyWeight.down) * (value - average);
}

function usual(average: number | undefined, value: number): number {
  return average === undefined ? value : average + usualLatencyWeight * (value - average);
}
