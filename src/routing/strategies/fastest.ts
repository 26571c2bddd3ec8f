import type { RoutingStrategy } from './routing-strategy.js';
import { logShares, unreliability } from './shares.js';

/** The shortest expected time, as measured, or as its price suggests before the first call. */
export const fastest: RoutingStrategy = {
  name: 'fastest',
  rank: (_, candidates) => {
    const shares = logShares(candidates.map(({ prospect }) => prospect.latencyMs));
    return candidates.map((candidate, index) => 1 - (shares[index] ?? 0) - unreliability(candidate));
  },
};
