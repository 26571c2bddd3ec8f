import { utilityOf } from '../utility.js';
import type { RoutingStrategy } from './routing-strategy.js';

/** Expected utility: quality less what cost, time and failures are worth under the goal. */
export const balanced: RoutingStrategy = {
  name: 'balanced',
  rank: ({ preferences }, candidates) => candidates.map(({ prospect }) => utilityOf(prospect, preferences).score),
};
