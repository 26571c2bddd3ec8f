import type { BudgetSubject } from './budget.js';
import type { Model } from './model.js';
import type { Caller } from './pipeline.js';
import type { PricedCost } from './pricing.js';
import type { ModelRequest } from './request.js';
import type { NanoUsd, Usage } from './response.js';
import type { ModelId, ProfileId, Region, Target } from './target.js';

/* What one domain needs of another, as interfaces: domains import these and compose.ts joins the implementations. */

export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What a caller's `model` argument stands for. */
export interface ResolvedModel {
  readonly model: Model;
  /** Set when the caller named a profile: only that one may be used. */
  readonly profile?: ProfileId;
  /** Set when the caller gave an ARN: only that region may be used. */
  readonly region?: Region;
  /** Says so when a successor stands in for a retired model. */
  readonly notice?: string;
}

/** Where a model can be called under the configured regions and geographies. */
export interface TargetChoice {
  readonly targets: readonly Target[];
  /** Why `targets` is empty. */
  readonly refusal?: string;
}

export interface ModelDirectory {
  all(): readonly Model[];
  find(id: ModelId): Model | undefined;
  /** Short names that `resolve` takes. */
  aliases(): readonly string[];
  /**
   * Takes a base id, profile id, foundation-model or system profile ARN, or alias.
   * @throws ServiceError validation, with the nearest names, when nothing is called so.
   */
  resolve(name: string): ResolvedModel;
  /** Targets of a model, the best first, in the operator's regions and geographies only. */
  targetsOf(resolved: ResolvedModel): TargetChoice;
}

/** Price in force for a target; `assumed` when its own is not known and the dearest of its family stands in. */
export interface TargetPrice {
  readonly inputUsdPerMillion: number;
  readonly outputUsdPerMillion: number;
  /** Of a model that is paid by the query; its tokens cost nothing then. */
  readonly perQueryUsd?: number;
  readonly assumed: boolean;
  /** Where the figures are from, and of which date: `catalogue 2026-11-22`, or what an override says. */
  readonly source: string;
}

export interface PriceBook {
  priceOf(target: Target): TargetPrice;
  /** Integer nano-dollars, rounded up; `estimated` when usage or price is not exact. At the prices of now, or of `atMs`. */
  costOf(target: Target, usage: Usage, atMs?: number): PricedCost;
}

export interface BreakerState {
  readonly target: Target;
  readonly state: 'closed' | 'open' | 'half-open';
  readonly why?: string;
  /** Milliseconds until an open breaker lets a probe through. */
  readonly retryAfterMs?: number;
}

export interface TargetHealth {
  stateOf(target: Target): BreakerState;
  /** Every target that was called so far. */
  states(): readonly BreakerState[];
}

/** What was measured of a target, newest calls weighing most. */
export interface TargetPerformance {
  readonly calls: number;
  /** 0 to 1. */
  readonly errorRate: number;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs?: number;
}

export interface PerformanceRecord {
  of(target: Target): TargetPerformance | undefined;
}

export interface BudgetState {
  readonly spent: NanoUsd;
  readonly reserved: NanoUsd;
}

/** What the budgets leave, as far as this server knows at this moment; it never waits. */
export interface BudgetOutlook {
  /** What a call may cost at most to pass all hard budgets that concern it; undefined when none does. */
  affordable(subject: BudgetSubject): NanoUsd | undefined;
  /** Why cheaper models are to be preferred; undefined while no budget is strained. */
  strain(subject: Omit<BudgetSubject, 'model' | 'provider'>): BudgetStrain | undefined;
}

export interface BudgetStrain {
  readonly budget: string;
  /** What is spent of the limit, 0 to 1 and above. */
  readonly share: number;
  readonly resetsAtMs: number;
}

export const healthStatuses = ['healthy', 'degraded', 'unhealthy'] as const;
export type HealthStatus = (typeof healthStatuses)[number];

export interface CheckResult {
  readonly status: HealthStatus;
  readonly detail: string;
  /** What to do, when something is wrong. */
  readonly remedy?: string;
}

export interface HealthCheck {
  readonly name: string;
  /** Cheap by default; `deep` may ask other systems, never a model. */
  run(deep: boolean, signal: AbortSignal): Promise<CheckResult>;
}

/** An attempt at the worst that it may cost. */
export interface AttemptForecast {
  readonly request: ModelRequest;
  readonly target: Target;
  readonly inputTokens: number;
  readonly maxTokens: number;
  readonly caller: Caller;
  readonly sessionId: string | undefined;
}

/** What can be paid for, as far as this server knows at this moment; it never waits. */
export interface SpendForecast {
  /** Why the attempt does not fit the call's own limit or what the budgets leave; undefined when it does. */
  refusalOf(attempt: AttemptForecast): string | undefined;
}
