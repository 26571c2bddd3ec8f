import type { Model } from '../../core/model.js';
import type { PerformanceRecord } from '../../core/ports.js';
import type { NanoUsd } from '../../core/response.js';
import type { Classification } from '../../core/routing.js';
import type { Target } from '../../core/target.js';

/** A target that passed every hard filter, with what is known of it before the call. */
export interface RoutableCandidate {
  readonly model: Model;
  readonly target: Target;
  /** Place among the preferred models of the task, from 0. */
  readonly preference: number;
  /** Expected cost of this request, at an assumed price where the true one is not known. */
  readonly cost: NanoUsd;
  /** USD per million tokens. */
  readonly outputPrice: number;
}

export interface ScoredCandidate {
  readonly candidate: RoutableCandidate;
  /** Higher is better; comparable within one ranking only. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** One way to weigh quality, cost and speed against each other. Pure: the same input gives the same scores. */
export interface RoutingStrategy {
  readonly name: string;
  rank(
    request: Pick<Classification, 'task' | 'complexity'>,
    candidates: readonly RoutableCandidate[],
    measured: PerformanceRecord,
  ): readonly ScoredCandidate[];
}
