import { logShares, unreliability } from './estimates.js';
import type { RoutingStrategy } from './routing-strategy.js';

/** The least expected cost of this request among the models fit for it. */
export const cheapest: RoutingStrategy = {
  name: 'cheapest',
  rank: (_, candidates, measured) => {
    const shares = logShares(candidates.map((candidate) => candidate.cost));
    return candidates.map((candidate, index) => ({
      candidate,
      score: 1 - (shares[index] ?? 0) - unreliability(candidate, measured),
      reasons: [`cost share ${(shares[index] ?? 0).toFixed(2)} between the cheapest and the dearest`],
    }));
  },
};
