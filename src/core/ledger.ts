import type { BudgetUse } from './budget.js';
import type { Cost, NanoUsd, Usage } from './response.js';

/* What is written down of every attempt, and asked of what was written. */

/** What tells attempts apart. */
export interface AttemptFacts {
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
  /** Absent: the default tier. */
  readonly serviceTier?: string;
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Names the price list by which it is priced. */
  readonly priceVersion?: string;
}

/** An attempt that is about to be sent. */
export interface Intent extends AttemptFacts {
  /** The most that it may use. */
  readonly most: Pick<Usage, 'inputTokens' | 'outputTokens' | 'totalTokens'> & { readonly cost: NanoUsd };
  /** Wall clock; after it the attempt has surely ended. */
  readonly expiresAtMs: number;
}

/** What a cost is made of; the parts add up to it. */
export interface CostParts {
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead: NanoUsd;
  readonly cacheWrite: NanoUsd;
  /** Queries, images: what is not priced by tokens. */
  readonly other: NanoUsd;
}

/** One billed attempt, or one answer from the cache (cost 0, `saved` set). */
export interface LedgerRow extends AttemptFacts {
  /** Sums of rows count a call where this is set. */
  readonly firstOfCall: boolean;
  readonly outcome: 'succeeded' | 'failed';
  readonly usage: Usage;
  readonly cost: Cost;
  readonly costParts?: CostParts;
  /** Of an answer of the cache: what a new one would have cost. */
  readonly saved: NanoUsd;
  /** What the prompt would have cost uncached, minus what it did; below 0 where what was written was not read yet. */
  readonly promptCacheSaved?: NanoUsd;
  /** What the same tokens would have cost at the dearest candidate of the decision, minus what they did. */
  readonly routingSaved?: NanoUsd;
  readonly latencyMs: number;
}

export const costGroupings = [
  'model',
  'provider',
  'caller',
  'task',
  'session',
  'tag',
  'region',
  'hour',
  'day',
] as const;
export type CostGrouping = (typeof costGroupings)[number];

/** The groupings that are no spans of time. */
export type SpenderGrouping = Exclude<CostGrouping, 'hour' | 'day'>;

export interface SpendQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy?: CostGrouping;
  /** Absent: of all callers. */
  readonly caller?: string;
  /** These groups only. */
  readonly keys?: readonly string[];
  /** Each group apart by hours or days, oldest first; not with groups that are spans of time themselves. */
  readonly per?: 'hour' | 'day';
  /** Of the groups. */
  readonly limit?: number;
}

export interface SpendGroup {
  readonly key: string;
  /** With `per`: `2026-11-25` or `2026-11-25T13:00:00Z`. */
  readonly at?: string;
  readonly calls: number;
  readonly cost: NanoUsd;
  /** What the cache of answers saved. */
  readonly saved: NanoUsd;
  readonly promptCacheSaved: NanoUsd;
  readonly routingSaved: NanoUsd;
  readonly usage: Usage;
}

export interface CallQuery {
  readonly fromMs: number;
  readonly toMs: number;
  /** Absent: of all callers. */
  readonly caller?: string;
  /** Calls with an attempt in this group only. */
  readonly group?: { readonly by: SpenderGrouping; readonly key: string };
  readonly order: 'dearest' | 'latest';
  readonly limit: number;
}

/** A row of the ledger as a report shows it. */
export interface SpentAttempt {
  readonly attemptId: string;
  readonly atMs: number;
  readonly model: string;
  readonly region: string;
  readonly profile?: string;
  readonly serviceTier?: string;
  readonly source: string;
  readonly outcome: string;
  readonly latencyMs: number;
  readonly usage: Usage;
  readonly cost: Cost;
  /** Absent in rows of older versions. */
  readonly costParts?: CostParts;
  readonly priceVersion?: string;
  /** Its process died; it was booked at the most that it can have cost. */
  readonly recovered: boolean;
}

/** A call with all that was booked for it. */
export interface SpentCall {
  readonly requestId: string;
  readonly atMs: number;
  readonly caller: string;
  readonly session?: string;
  readonly task?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly cost: Cost;
  readonly saved: NanoUsd;
  readonly attempts: readonly SpentAttempt[];
}

export interface Ledger extends SpendTruth {
  /** The attempt may be sent once this has resolved: if its process dies, it is booked at the most it may cost. */
  begin(intent: Intent): Promise<void>;
  /** Books the rows and ends the attempt, all or nothing. No rows: nothing was used. Idempotent; durable when resolved. */
  settle(attemptId: string, rows: readonly LedgerRow[]): Promise<void>;
  /** Totals per group, dearest first (time groups: oldest first); one group with key `''` without `groupBy`. */
  spend(query: SpendQuery): Promise<readonly SpendGroup[]>;
  /** Calls with their attempts. Reads rows, not totals. */
  calls(query: CallQuery): Promise<readonly SpentCall[]>;
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
