import type { PerformanceRecord } from '../../core/ports.js';
import type { RoutableCandidate } from './routing-strategy.js';

/** What a strategy takes off the score of a target that fails: a call that fails costs time and may cost money. */
const errorPenalty = 0.8;

export function unreliability(candidate: RoutableCandidate, measured: PerformanceRecord): number {
  return (measured.of(candidate.target)?.errorRate ?? 0) * errorPenalty;
}

/**
 * Milliseconds to expect of a call. Before any was measured, the price of output tells the size of a model and with it
 * its speed, roughly (an opinion, replaced by the first measurement).
 */
export function expectedLatencyMs(candidate: RoutableCandidate, measured: PerformanceRecord): number {
  return measured.of(candidate.target)?.latencyMs ?? 1_200 + 1_500 * Math.log10(1 + candidate.outputPrice);
}

/** Each value's place between the least (0) and the greatest (1) on a logarithmic scale; all 0 when they are equal. */
export function logShares(values: readonly number[]): readonly number[] {
  const logs = values.map((value) => Math.log(1 + Math.max(0, value)));
  const least = Math.min(...logs);
  const span = Math.max(...logs) - least;
  return logs.map((log) => (span === 0 ? 0 : (log - least) / span));
}
