import type { RoutingStrategy } from './routing-strategy.js';
import { unreliability } from './shares.js';

/** The order of preference for the task, whatever it costs and whatever was learned, unless a target is failing. */
export const task: RoutingStrategy = {
  name: 'task',
  rank: (_, candidates) =>
    candidates.map((candidate) => {
      const { preference, prospect } = candidate;
      const place = preference === undefined ? 0.05 * prospect.quality : 1 / (1 + preference);
      return place - unreliability(candidate);
    }),
};
