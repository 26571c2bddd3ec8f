import { unreliability } from './estimates.js';
import type { RoutingStrategy } from './routing-strategy.js';

/** Quality first: the order of preference for the task, whatever it costs, unless a target is failing. */
export const taskOrder: RoutingStrategy = {
  name: 'task-order',
  rank: (_, candidates, measured) =>
    candidates.map((candidate) => ({
      candidate,
      score: 1 / (1 + candidate.preference) - unreliability(candidate, measured),
      reasons: [`preference ${candidate.preference + 1} for the task`],
    })),
};
