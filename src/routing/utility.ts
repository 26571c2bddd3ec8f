import type { OptimizeGoal } from '../core/request.js';
import type { ScoreParts } from '../core/routing.js';

/** What one call of a candidate is expected to be like. */
export interface Prospect {
  /** 0 to 1: expected before any rating, and after. */
  readonly prior: number;
  readonly quality: number;
  /** USD of a thousand calls like this one. */
  readonly usdPerThousand: number;
  readonly latencyMs: number;
  /** 0 to 1. */
  readonly errorRate: number;
  /** Worth of staying with the model that has this conversation in its prompt cache. */
  readonly affinity: number;
}

/** How much quality a cost, a second and a failure are worth. */
export interface Preferences {
  readonly costPenalty: (usdPerThousand: number) => number;
  readonly latencyPerSecond: number;
  readonly failure: number;
}

/** A target that seems dead still has a finite score, so that dead ones keep their order. */
const mostErrors = 0.97;

/**
 * Expected utility with fallbacks. Trying candidates one after another, each failure costing `failure`, is best in the
 * order of utility − failure · e/(1 − e): swapping two neighbours of any other order gains.
 */
export function utilityOf(prospect: Prospect, preferences: Preferences): ScoreParts & { readonly score: number } {
  const errorRate = Math.min(prospect.errorRate, mostErrors);
  const cost = preferences.costPenalty(prospect.usdPerThousand);
  const latency = (preferences.latencyPerSecond * prospect.latencyMs) / 1_000;
  const failure = (preferences.failure * errorRate) / (1 - errorRate);
  const score = prospect.quality - cost - latency - failure + prospect.affinity;
  const { quality, prior, affinity } = prospect;
  return { quality, prior, cost, latency, failure, affinity, score };
}

/** Quality that ten times the cost may buy; the ends of the scale between cost (0) and quality (1). */
const costPerDecade = { cost: 0.3, quality: 0.004 };
/** Below it nobody minds the price, so that a call for nothing is not infinitely better than one for nearly nothing. */
const negligibleUsdPerThousand = 0.02;

/** Prices of models lie three orders of magnitude apart, so that their ratio is weighed and not their difference. */
function preferences(perDecade: number, latencyPerSecond: number): Preferences {
  return {
    costPenalty: (usdPerThousand) => perDecade * Math.log10(1 + usdPerThousand / negligibleUsdPerThousand),
    latencyPerSecond,
    failure: 0.15,
  };
}

const ofGoal: Readonly<Record<OptimizeGoal, Preferences>> = {
  quality: preferences(costPerDecade.quality, 0.002),
  balanced: preferences(0.04, 0.01),
  cost: preferences(costPerDecade.cost, 0.002),
  speed: preferences(0.01, 0.1),
};

/** `weight`, 0 (cost) to 1 (quality), is finer than the goal and goes before it. */
export function preferencesFor(goal: OptimizeGoal, weight?: number): Preferences {
  if (weight === undefined) return ofGoal[goal];
  return preferences(costPerDecade.cost * (costPerDecade.quality / costPerDecade.cost) ** weight, 0.005);
}
