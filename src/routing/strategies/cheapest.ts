import type { RoutingStrategy } from './routing-strategy.js';
import { logShares, unreliability } from './shares.js';

/** The least expected cost of this request among the models fit for it. */
export const cheapest: RoutingStrategy = {
  name: 'cheapest',
  rank: (_, candidates) => {
    const shares = logShares(candidates.map(({ cost }) => cost));
    return candidates.map((candidate, index) => 1 - (shares[index] ?? 0) - unreliability(candidate));
  },
};
