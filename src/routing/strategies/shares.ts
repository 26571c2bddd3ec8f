import type { RoutableCandidate } from './routing-strategy.js';

/** What a failing target loses against one that does not, on the scale of `logShares`. */
const errorPenalty = 0.8;

export const unreliability = ({ prospect }: RoutableCandidate): number => prospect.errorRate * errorPenalty;

/** Each value's place between the least (0) and the greatest (1) on a logarithmic scale; all 0 when they are equal. */
export function logShares(values: readonly number[]): readonly number[] {
  const logs = values.map((value) => Math.log(1 + Math.max(0, value)));
  const least = Math.min(...logs);
  const span = Math.max(...logs) - least;
  return logs.map((log) => (span === 0 ? 0 : (log - least) / span));
}
