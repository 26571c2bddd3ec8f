import type { OptimizeGoal, Task } from './request.js';
import type { NanoUsd } from './response.js';
import type { ModelId, Target } from './target.js';

export const complexityLevels = ['simple', 'medium', 'complex'] as const;
export type ComplexityLevel = (typeof complexityLevels)[number];

export interface Complexity {
  /** 0 (trivial) to 1 (as hard as it gets). */
  readonly score: number;
  readonly level: ComplexityLevel;
}

/** What a request is about, with what gave it away. */
export interface Classification {
  readonly task: Task;
  /** 0 to 1: how likely `task` is right. */
  readonly confidence: number;
  readonly complexity: Complexity;
  /** The signals that decided, strongest first, in words. */
  readonly signals: readonly string[];
}

/** What the expected utility of a candidate is made of: quality − cost − latency − failure + affinity. */
export interface ScoreParts {
  /** 0 to 1, as expected of this model for this kind of request; ratings have moved it from `prior`. */
  readonly quality: number;
  readonly prior: number;
  readonly cost: number;
  readonly latency: number;
  /** What its recent errors take off. */
  readonly failure: number;
  /** Gained by staying with the model that knows the conversation. */
  readonly affinity: number;
}

export interface Candidate {
  readonly target: Target;
  /** 1 is tried first. */
  readonly rank: number;
  /** Higher is better; comparable within one decision only. */
  readonly score: number;
  readonly parts: ScoreParts;
  /** Undefined when the price is not known. */
  readonly estimatedCost?: NanoUsd;
  readonly expectedLatencyMs?: number;
  readonly healthy: boolean;
  readonly reasons: readonly string[];
}

export interface Exclusion {
  readonly model: string;
  readonly reason: string;
}

/** Why a request goes where it goes. Candidates are in the order in which they are tried. */
export interface RoutingDecision {
  readonly task: Task;
  readonly confidence: number;
  readonly complexity: Complexity;
  readonly optimize: OptimizeGoal;
  /** How the candidates were ordered. */
  readonly strategy: string;
  /** Of the rules by which models are chosen. */
  readonly policyVersion: string;
  /** The model that each `optimize` value would have put first. */
  readonly alternatives: Readonly<Partial<Record<OptimizeGoal, ModelId>>>;
  /** Keyed hashes by which later requests of the same conversation, and the same request again, are known. */
  readonly conversation: number;
  readonly fingerprint: number;
  readonly candidates: readonly Candidate[];
  readonly excluded: readonly Exclusion[];
  readonly reasons: readonly string[];
  readonly notices: readonly string[];
  /** What the caller asked for; undefined when the choice was ours. */
  readonly requestedModel?: string;
  /** Estimated tokens of the input. */
  readonly inputTokens: number;
  /** Limit of tokens in the answer, the caller's or the default. */
  readonly maxTokens: number;
  readonly decisionMicroseconds: number;
}
