import type { Model } from '../../core/model.js';
import type { NanoUsd } from '../../core/response.js';
import type { Target } from '../../core/target.js';
import type { Preferences, Prospect } from '../utility.js';

/** A target that passed every hard filter, with what is expected of it. */
export interface RoutableCandidate {
  readonly model: Model;
  readonly target: Target;
  /** Place among the preferred models of the task, from 0; undefined for models that are in no list. */
  readonly preference: number | undefined;
  /** Expected cost of this request, at an assumed price where the true one is not known. */
  readonly cost: NanoUsd;
  readonly prospect: Prospect;
}

export interface RankingRequest {
  readonly preferences: Preferences;
  /** Names the conversation, so that a choice by lot stays the same through it. */
  readonly conversation: number;
}

/** One way to order candidates. Pure: the same input gives the same scores. */
export interface RoutingStrategy {
  readonly name: string;
  /** A score for each candidate, in their order; higher is better, comparable within one ranking only. */
  rank(request: RankingRequest, candidates: readonly RoutableCandidate[]): readonly number[];
}
