import type { BudgetSubject, BudgetUse } from './budget.js';
import type { Model } from './model.js';
import type { Cost, NanoUsd, Usage } from './response.js';
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
  readonly assumed: boolean;
}

export interface PriceBook {
  priceOf(target: Target): TargetPrice;
  /** Integer nano-dollars, rounded up; `estimated` when usage or price is not exact. */
  costOf(target: Target, usage: Usage): Cost;
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

/** Money set aside for one candidate before it is called. */
export interface Hold {
  readonly id: string;
  readonly amount: NanoUsd;
  /** Wall clock; after it the hold counts no longer, because its holder is gone. */
  readonly expiresAtMs: number;
}

export interface BudgetWindow {
  /** Undefined: no limit, spending is only counted. */
  readonly limit?: NanoUsd;
  /** Wall clock, milliseconds: spending from here on counts. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface BudgetState {
  readonly spent: NanoUsd;
  readonly reserved: NanoUsd;
}

export type ReserveOutcome = { readonly admitted: true } | ({ readonly admitted: false } & BudgetState);

/** One billed attempt, or one answer from the cache (cost 0, `saved` set). */
export interface LedgerRow {
  /** Unique; writing the same id twice counts once. */
  readonly attemptId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly caller: string;
  readonly session?: string;
  readonly task?: string;
  readonly model: string;
  readonly provider: string;
  readonly region: string;
  readonly profile?: string;
  readonly source: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly usage: Usage;
  readonly cost: Cost;
  readonly saved: NanoUsd;
  readonly latencyMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export const costGroupings = ['model', 'provider', 'caller', 'task', 'tag', 'region', 'hour', 'day'] as const;
export type CostGrouping = (typeof costGroupings)[number];

export interface SpendQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy?: CostGrouping;
}

export interface SpendGroup {
  readonly key: string;
  readonly calls: number;
  readonly cost: NanoUsd;
  readonly saved: NanoUsd;
  readonly usage: Usage;
}

export interface Ledger extends SpendTruth {
  /** Admits the hold if spent + reserved + amount stays within the window's limit; atomic, idempotent by hold id. */
  reserve(hold: Hold, window: BudgetWindow): Promise<ReserveOutcome>;
  /** Books the rows and lets the hold go, in one transaction. No rows: the hold is released. Idempotent. */
  settle(holdId: string, rows: readonly LedgerRow[]): Promise<void>;
  budgetState(window: BudgetWindow): Promise<BudgetState>;
  /** Totals per group, dearest first (time groups: oldest first); one group with key `''` without `groupBy`. */
  spend(query: SpendQuery): Promise<readonly SpendGroup[]>;
  close(): Promise<void>;
}

/** Which rows of the ledger count; what is left out does not matter. */
export interface UseFilter {
  readonly fromMs: number;
  readonly toMs: number;
  readonly callers?: readonly string[];
  readonly session?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly tag?: { readonly name: string; readonly value: string };
  /** Rows that were written from this moment on are named in the answer. */
  readonly youngFromMs?: number;
}

/** An attempt that is under way: its intent is in the ledger and its outcome not yet. */
export interface OpenAttempt {
  readonly id: string;
  /** The most that it may use. */
  readonly use: BudgetUse;
  readonly expiresAtMs: number;
}

/** All from one moment: a row is in `spent`, or its attempt in `open`, or neither. */
export interface LedgerUse {
  readonly spent: BudgetUse;
  /** Attempt ids of the young rows, which `spent` holds. */
  readonly young: readonly string[];
  readonly open: readonly OpenAttempt[];
}

/** What was truly used, as the ledger knows it: budgets begin with it and are held against it. */
export interface SpendTruth {
  use(filter: UseFilter): Promise<LedgerUse>;
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
