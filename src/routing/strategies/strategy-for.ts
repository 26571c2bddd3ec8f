import type { OptimizeGoal } from '../../core/request.js';
import { balanced } from './balanced.js';
import { cheapest } from './cheapest.js';
import { fastest } from './fastest.js';
import type { RoutingStrategy } from './routing-strategy.js';
import { task } from './task.js';

export const strategyNames = ['balanced', 'task', 'cheapest', 'fastest', 'weighted'] as const;
/** What the operator can configure; `weighted` takes its weights from another setting. */
export type StrategyName = (typeof strategyNames)[number];

/** The strategy that each `optimize` value stands for. */
export const strategyFor: Readonly<Record<OptimizeGoal, RoutingStrategy>> = {
  quality: balanced,
  balanced,
  cost: cheapest,
  speed: fastest,
};

export const namedStrategies: Readonly<Record<Exclude<StrategyName, 'weighted'>, RoutingStrategy>> = {
  balanced,
  task,
  cheapest,
  fastest,
};
