import type { OptimizeGoal, StrategyName } from '../../core/request.js';
import { balanced } from './balanced.js';
import { cheapest } from './cheapest.js';
import { fastest } from './fastest.js';
import type { RoutingStrategy } from './routing-strategy.js';
import { task } from './task.js';

/** The strategy that each `optimize` value stands for. */
export const strategyFor: Readonly<Record<OptimizeGoal, RoutingStrategy>> = {
  quality: balanced,
  balanced,
  cost: cheapest,
  speed: fastest,
};

/** Those that need no more than their name. */
export const namedStrategies: Readonly<Record<Exclude<StrategyName, 'weighted'>, RoutingStrategy>> = {
  balanced,
  task,
  cheapest,
  fastest,
};
