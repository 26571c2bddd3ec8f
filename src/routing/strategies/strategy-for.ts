import type { OptimizeGoal } from '../../core/request.js';
import { balanced } from './balanced.js';
import { cheapest } from './cheapest.js';
import { fastest } from './fastest.js';
import type { RoutingStrategy } from './routing-strategy.js';
import { taskOrder } from './task-order.js';

/** The strategy that each `optimize` value stands for. */
export const strategyFor: Readonly<Record<OptimizeGoal, RoutingStrategy>> = {
  quality: taskOrder,
  balanced,
  cost: cheapest,
  speed: fastest,
};
