import type { RoutingStrategy } from './routing-strategy.js';

/** More than any difference between scores. */
const ahead = 10;

/** The named model first, in whatever order `others` gives the rest. */
export const pinned = (modelId: string, others: RoutingStrategy): RoutingStrategy => ({
  name: 'pinned',
  rank: (request, candidates) => {
    const scores = others.rank(request, candidates);
    return candidates.map(({ model }, index) => (model.id === modelId ? ahead : 0) + (scores[index] ?? 0));
  },
});
