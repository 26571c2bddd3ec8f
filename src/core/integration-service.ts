import type { CallRecord } from './call-record.js';
import type { CallEvent } from './events.js';
import type { Model } from './model.js';
import type { Caller, CallPriority } from './pipeline.js';
import type {
  BreakerState,
  BudgetState,
  CheckResult,
  CostGrouping,
  HealthStatus,
  SpendGroup,
  TargetPerformance,
  TargetPrice,
} from './ports.js';
import type { ModelRequest } from './request.js';
import type { ModelResponse, NanoUsd } from './response.js';
import type { EmbedRequest, RankedDocument, RerankRequest } from './retrieval.js';
import type { RoutingDecision } from './routing.js';
import type { Target } from './target.js';

/** One use of the service by a tool. */
export interface CallOptions {
  readonly tool: string;
  readonly caller: Caller;
  readonly signal: AbortSignal;
  /** Default: interactive; for a request of the service tier `flex`, which can wait, batch. */
  readonly priority?: CallPriority;
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
  /** An input modality, or one of tools, system, streaming, reasoning, caching. */
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
  readonly price?: TargetPrice;
  readonly performance?: TargetPerformance;
}

export interface CostQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: CostGrouping;
}

export interface Budget extends BudgetState {
  readonly scope: string;
  readonly limit?: NanoUsd;
  readonly state: 'open' | 'near_limit' | 'exhausted' | 'unlimited';
  /** Wall clock when the window ends. */
  readonly resetsAtMs: number;
}

export interface CostReport {
  readonly totals: SpendGroup;
  readonly groups: readonly SpendGroup[];
  /** By hour for up to two days, else by day. */
  readonly series: readonly SpendGroup[];
  readonly budgets: readonly Budget[];
  /** Spend of the whole period if it goes on like so far; undefined for a period that is over. */
  readonly forecast?: NanoUsd;
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
  estimate(request: ModelRequest): Promise<Estimate>;
  models(filter: ModelFilter): Promise<readonly ModelSummary[]>;
  costReport(query: CostQuery): Promise<CostReport>;
  health(deep: boolean): Promise<HealthReport>;
  /** Vectors and rankings; undefined where this server was made without. */
  readonly retrieval?: Retrieval;
  /** Ends calls in flight, flushes what is to be kept, closes sockets and files. */
  close(): Promise<void>;
}
