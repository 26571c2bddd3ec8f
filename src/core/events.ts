import type { Alert } from './alerts.js';
import type { BudgetUnit } from './budget.js';
import type { ErrorCategory, ErrorReason } from './errors.js';
import type { Cost, ModelResponse, NanoUsd, Usage } from './response.js';
import type { RoutingDecision } from './routing.js';
import type { Target } from './target.js';

export type CacheTier = 'memory' | 'redis' | 'flight';

export interface FailureSummary {
  readonly category: ErrorCategory;
  readonly reason?: ErrorReason;
  /** Our own words, safe to show. */
  readonly message: string;
}

/** One try at one target. Each is billed by itself when the service did work for it. */
export interface AttemptSummary {
  readonly target: Target;
  /** 1 is the first attempt of the call, over all targets. */
  readonly number: number;
  readonly outcome: 'succeeded' | 'failed';
  readonly failure?: FailureSummary;
  readonly latencyMs: number;
  readonly timeToFirstTokenMs?: number;
  /** Undefined when nothing was consumed. */
  readonly usage?: Usage;
}

/** An answer that was there already, or was being made. */
export interface CacheHit {
  readonly tier: CacheTier;
  /** What made the answer. */
  readonly served?: Target;
  /** What a new answer would have cost. */
  readonly saved: NanoUsd;
  /** How old the answer is. */
  readonly ageMs?: number;
  readonly lookupMs?: number;
  /** The time of the answer is over: a new one is being made, or could not be made. */
  readonly stale?: 'revalidating' | 'failed';
  /** A new answer is made before the time of this one is over. */
  readonly refreshing?: boolean;
}

/** Everything that happens in the life of a call. Metrics, logs, the call record and the cost monitor are subscribers. */
export type CallEvent =
  | { readonly type: 'call-started'; readonly tool: string }
  | { readonly type: 'cache-missed' /** Of the look-up in all layers. */; readonly lookupMs?: number }
  | ({ readonly type: 'cache-hit' } & CacheHit)
  | { readonly type: 'cache-warmed'; readonly done: number; readonly total: number }
  /** A budget is strained, so cheaper models are preferred. */
  | { readonly type: 'economy-chosen'; readonly budget: string; readonly share: number }
  | { readonly type: 'route-decided'; readonly decision: RoutingDecision }
  | { readonly type: 'attempt-started'; readonly target: Target; readonly number: number }
  | ({ readonly type: 'attempt-ended' } & AttemptSummary)
  | {
      readonly type: 'retry-scheduled';
      readonly target: Target;
      readonly delayMs: number;
      readonly category: ErrorCategory;
    }
  | {
      readonly type: 'fallback-chosen';
      readonly from: Target;
      readonly to: Target;
      readonly category: ErrorCategory;
    }
  | { readonly type: 'hedge-started'; readonly target: Target; readonly afterMs: number }
  | { readonly type: 'cost-reserved'; readonly target: Target; readonly amount: NanoUsd }
  | { readonly type: 'cost-settled'; readonly target: Target; readonly cost: Cost }
  | { readonly type: 'answer-rated'; readonly rating: number; readonly comment?: string }
  | { readonly type: 'batch-advanced'; readonly ended: number; readonly total: number; readonly failed: number }
  | { readonly type: 'text-previewed'; readonly tail: string }
  | { readonly type: 'call-succeeded'; readonly response: ModelResponse; readonly latencyMs: number }
  | { readonly type: 'call-failed'; readonly failure: FailureSummary; readonly latencyMs: number };

/** Things that happen to the server rather than to one call. */
export type ServerEvent =
  | {
      readonly type: 'breaker-changed';
      readonly target: Target;
      readonly state: 'open' | 'half-open' | 'closed';
      readonly why: string;
      /** It opened because another server said so. */
      readonly hinted?: boolean;
    }
  | {
      readonly type: 'pacing-changed';
      readonly target: Target;
      readonly paced: boolean;
      /** The pace to begin with. */
      readonly requestsPerSecond?: number;
    }
  | {
      readonly type: 'budget-compared';
      readonly budget: string;
      readonly unit: BudgetUnit;
      /** Counted minus what the ledger has; 0 but for bookings on their way. */
      readonly drift: number;
    }
  | { readonly type: 'budget-rebuilt'; readonly budget: string; readonly unit: BudgetUnit }
  | {
      /** Whether AWS takes the credentials of this server. */
      readonly type: 'readiness-changed';
      readonly ready: boolean;
      readonly why: string;
    }
  | {
      readonly type: 'mode-changed';
      readonly degraded: boolean;
      /** The first trouble, or the last that ended. */
      readonly why: string;
    }
  | { readonly type: 'alert-changed' /** Of a budget, or of what is spent. */; readonly alert: Alert }
  | { readonly type: 'alert-sent'; readonly outcome: 'delivered' | 'postponed' | 'given-up' }
  | {
      readonly type: 'server-health-changed';
      readonly healthy: boolean;
      /** Why it is not. */
      readonly reasons: readonly string[];
    }
  | { readonly type: 'store-degraded'; readonly store: string; readonly why: string }
  | { readonly type: 'store-recovered'; readonly store: string }
  | {
      readonly type: 'cache-changed';
      readonly bytes: number;
      readonly entries: number;
      /** Since the start. */
      readonly evictions: number;
      readonly invalidations: number;
    };

/** What a subscriber is told beside the event itself. */
export interface EventOrigin {
  readonly requestId: string;
  readonly caller: string;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
}

export interface EventSubscriber {
  onCallEvent(event: CallEvent, origin: EventOrigin): void;
  onServerEvent?(event: ServerEvent): void;
}
