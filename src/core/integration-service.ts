import type { AlertAdministration } from './alerts.js';
import type { Answers } from './answers.js';
import type { Batch, BatchOptions, BatchOutcome } from './batch.js';
import type { BudgetPeriod, BudgetUnit } from './budget.js';
import type { CallRecord } from './call-record.js';
import type { CostQuery, CostReport, CostReports } from './cost-report.js';
import type { Diagnostics } from './diagnostics.js';
import type { CallEvent } from './events.js';
import type { Jobs } from './jobs.js';
import type { Model } from './model.js';
import type { Caller, CallPriority } from './pipeline.js';
import type { BreakerState, BudgetState, CheckResult, HealthStatus, TargetPerformance, TargetPrice } from './ports.js';
import type { ModelRequest } from './request.js';
import type { ModelResponse, NanoUsd } from './response.js';
import type { EmbedRequest, RankedDocument, RerankRequest } from './retrieval.js';
import type { RoutingDecision } from './routing.js';
import type { Sessions } from './sessions.js';
import type { Target } from './target.js';

/** One use of the service by a tool. */
export interface CallOptions {
  readonly tool: string;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** Default: interactive; for a request of the service tier `flex`, which can wait, batch. */
  readonly priority?: CallPriority;
  /** The kept conversation that the call continues. */
  readonly sessionId?: string;
  /** Takes text as it arrives, to be looked at while one waits: what counts is the answer. */
  readonly onPreview?: (text: string) => void;
  /** Sees the events of this call as they happen, for progress. */
  readonly onEvent?: (event: CallEvent) => void;
}

export interface Invocation {
  readonly response: ModelResponse;
  readonly record: CallRecord;
}

/** What a caller thinks of an answer. */
export interface Feedback {
  readonly requestId: string;
  /** 0 (useless) to 1 (as good as it gets). */
  readonly rating: number;
  readonly comment?: string;
}

/** The model and the kind of work that a rating was counted for. */
export interface RatedAnswer {
  readonly model: string;
  readonly task: string;
}

export interface Estimate {
  readonly target: Target;
  readonly inputTokens: number;
  readonly maxOutputTokens: number;
  readonly expected: NanoUsd;
  readonly worstCase: NanoUsd;
  /** `estimated`: counted without the tokenizer of the model. */
  readonly method: 'counted' | 'estimated';
  readonly fitsBudget: boolean;
  readonly notices: readonly string[];
}

export interface ModelFilter {
  readonly provider?: string;
  readonly family?: string;
  /** A kind or an input modality, or one of tools, system, streaming, reasoning, caching. */
  readonly capability?: string;
  readonly status?: string;
  readonly model?: string;
  readonly region?: string;
}

export interface ModelSummary {
  readonly model: Model;
  readonly targets: readonly Target[];
  /** Why it cannot be called here, when `targets` is empty. */
  readonly refusal?: string;
  /** By which it is used; undefined when it cannot be. */
  readonly tool?: 'bedrock_invoke' | 'bedrock_embed' | 'bedrock_rerank';
  readonly price?: TargetPrice;
  readonly performance?: TargetPerformance;
}

export interface Budget extends BudgetState {
  readonly scope: string;
  /** What limit, spent and reserved count; `usd`: integer nano-dollars. */
  readonly unit: BudgetUnit;
  readonly period: BudgetPeriod;
  /** A soft budget warns and never refuses. */
  readonly hard: boolean;
  readonly limit?: number;
  readonly state: 'open' | 'near_limit' | 'exhausted' | 'unlimited';
  /** Wall clock when the window ends. */
  readonly resetsAtMs: number;
}

export interface NamedCheck extends CheckResult {
  readonly name: string;
  /** Wall clock. */
  readonly checkedAtMs: number;
}

export interface HealthReport {
  readonly status: HealthStatus;
  readonly checks: readonly NamedCheck[];
  readonly breakers: readonly BreakerState[];
  readonly performance: readonly ({ readonly target: Target } & TargetPerformance)[];
  readonly version: string;
  readonly uptimeSeconds: number;
}

/** What the cache did for one model. */
export interface CacheGroup {
  readonly model: string;
  readonly hits: number;
  /** Calls that shared the answer of an equal call in flight. */
  readonly joined: number;
  readonly misses: number;
  readonly saved: NanoUsd;
  readonly savedTokens: number;
}

export interface CacheLayerReport {
  readonly layer: string;
  readonly hits: number;
  readonly misses: number;
  /** Of its last look-ups, milliseconds. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** The layers are the server's, the groups and the top are those of the caller's tenant. */
export interface CacheReport {
  readonly layers: readonly CacheLayerReport[];
  readonly bytes: number;
  readonly maxBytes: number;
  readonly entries: number;
  readonly evictions: number;
  readonly eviction: string;
  /** What each eviction policy saved lately on a sample of the keys. */
  readonly measured?: Readonly<Record<string, NanoUsd>>;
  /** Absent: answers are kept in this process only. */
  readonly shared?: { readonly inUse: boolean; readonly lostWrites: number; readonly full: boolean };
  readonly groups: readonly CacheGroup[];
  /** What saved most. */
  readonly top: readonly { readonly key: string; readonly hits: number; readonly saved: NanoUsd }[];
}

/** What to drop of the tenant's answers; all that is given has to hold. */
export interface CacheSelection {
  readonly key?: string;
  readonly model?: string;
  readonly tag?: { readonly name: string; readonly value?: string };
  readonly session?: string;
  readonly caller?: string;
  readonly olderThanSeconds?: number;
  readonly similar?: { readonly text: string; readonly threshold: number };
}

export interface Invalidation {
  /** Entries of this process; what others and the shared layer hold goes too, and is not counted. */
  readonly entries: number;
  readonly dryRun: boolean;
}

export interface WarmPlan {
  readonly requests: readonly ModelRequest[];
  readonly perSecond: number;
  /** All together. */
  readonly maxCost?: NanoUsd;
  /** Told of each request that is done, in any order. */
  readonly onDone?: (index: number, done: number) => void;
}

export interface WarmReport {
  readonly total: number;
  /** Asked of a model. */
  readonly made: number;
  /** Found in the cache. */
  readonly present: number;
  /** The cache would not keep their answers. */
  readonly skipped: number;
  readonly failed: number;
  readonly cost: NanoUsd;
  /** Why it ended before the last request. */
  readonly stopped?: 'budget' | 'cancelled';
  /** The first of the failures, in our own words. */
  readonly failures: readonly { readonly index: number; readonly message: string }[];
}

/** Each member throws ServiceError only. */
export interface CacheAdministration {
  stats(caller: Caller): CacheReport;
  invalidate(selection: CacheSelection, caller: Caller, dryRun: boolean): Promise<Invalidation>;
  warm(plan: WarmPlan, options: CallOptions): Promise<WarmReport>;
  /** The requests of the tenant whose answers saved most, as they were asked. */
  top(caller: Caller, count: number): readonly ModelRequest[];
}

export interface Retrieved<Value> extends Invocation {
  readonly value: Value;
}

/** Each member throws ServiceError only. */
export interface Retrieval {
  /** One vector for each text, in their order. */
  embed(request: EmbedRequest, options: CallOptions): Promise<Retrieved<readonly (readonly number[])[]>>;
  /** The most relevant first. */
  rerank(request: RerankRequest, options: CallOptions): Promise<Retrieved<readonly RankedDocument[]>>;
}

/** Everything a tool can do. Each member throws ServiceError only. */
export interface BedrockIntegrationService {
  invoke(request: ModelRequest, options: CallOptions): Promise<Invocation>;
  /** The decision that `invoke` of this caller would make now; calls no model. */
  route(request: ModelRequest, caller?: Caller): Promise<RoutingDecision>;
  feedback(feedback: Feedback, caller: Caller): Promise<RatedAnswer>;
  /** What `invoke` of this caller would cost. */
  estimate(request: ModelRequest, caller?: Caller): Promise<Estimate>;
  /** Short names of models that requests may use. */
  aliases(): readonly string[];
  models(filter: ModelFilter): Promise<readonly ModelSummary[]>;
  /** A viewer without the scope admin is told of his own spend and of the budgets that are his or his groups'. */
  costReport(query: CostQuery, viewer?: Caller): Promise<CostReport>;
  /** Reports as files; undefined where this server was made without. */
  readonly costFiles?: Pick<CostReports, 'csv' | 'chart'>;
  health(deep: boolean): Promise<HealthReport>;
  /** Vectors and rankings; undefined where this server was made without. */
  readonly retrieval?: Retrieval;
  /** The operator's hold on the cache; undefined where this server was made without. */
  readonly cache?: CacheAdministration;
  /** Messages to the operator; undefined where none are sent. */
  readonly alerts?: AlertAdministration;
  /** Calls of many requests, some at once; one that fails is an outcome and no error. */
  batch(batch: Batch, options: BatchOptions): Promise<readonly BatchOutcome[]>;
  readonly answers: Answers;
  readonly jobs: Jobs;
  readonly sessions: Sessions;
  readonly diagnostics: Diagnostics;
  /** Ends calls in flight, flushes what is to be kept, closes sockets and files. */
  close(): Promise<void>;
}
