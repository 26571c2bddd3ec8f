import { hashText, mix, uniform } from '../seeded-draws.js';
import type { RoutingStrategy } from './routing-strategy.js';

/**
 * Splits conversations over models by weight, for an A/B test or a canary. The lot is drawn by the conversation
 * (weighted rendezvous hashing), so that one conversation stays with one model and a changed weight moves no more of
 * them than it must. Errors do not shift the split, only an open breaker does. Models without a weight come last, in the order that `others` gives them.
 */
export const weighted = (weights: ReadonlyMap<string, number>, others: RoutingStrategy): RoutingStrategy => ({
  name: 'weighted',
  rank: (request, candidates) => {
    const scores = others.rank(request, candidates);
    return candidates.map((candidate, index) => {
      const weight = weights.get(candidate.model.id) ?? 0;
      if (weight <= 0) return (scores[index] ?? 0) - 1e6;
      const lot = uniform(mix(request.conversation, hashText(candidate.model.id)));
      return Math.log(lot) / weight;
    });
  },
});
