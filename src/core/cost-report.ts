import type { Budget } from './integration-service.js';
import type { CostGrouping, SpenderGrouping, SpendGroup, SpentCall } from './ledger.js';
import type { Caller } from './pipeline.js';
import type { NanoUsd } from './response.js';

/* What is asked and told about money that was spent. */

export interface CostQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly groupBy: CostGrouping;
  /** This group only; not where the groups are spans of time. */
  readonly key?: string;
  /** How many of the dearest callers, models, tasks, sessions and tags to name; default none. */
  readonly top?: number;
  /** Single calls; default none. */
  readonly calls?: { readonly order: 'dearest' | 'latest'; readonly limit: number };
  /** The dearest groups over time as well. */
  readonly split?: boolean;
}

/** What a period will have cost when it is over. */
export interface PeriodForecast {
  readonly cost: NanoUsd;
  /** Where the cost will be with a probability of 90 %; absent where too little is known to say. */
  readonly interval?: { readonly low: NanoUsd; readonly high: NanoUsd };
  /** `days`: from so many days before now; `pace`: as in the period so far. */
  readonly basis: 'days' | 'pace';
  readonly days: number;
}

export interface TopSpender {
  readonly by: SpenderGrouping;
  readonly key: string;
  readonly calls: number;
  readonly cost: NanoUsd;
  /** Of all that was spent in the period, 0 to 1. */
  readonly share: number;
}

export interface CostReport {
  readonly totals: SpendGroup;
  readonly groups: readonly SpendGroup[];
  /** By hour for up to two days, else by day. */
  readonly series: readonly SpendGroup[];
  readonly budgets: readonly Budget[];
  /** Undefined for a period that is over, or has not begun. */
  readonly forecast?: PeriodForecast;
  readonly top?: readonly TopSpender[];
  readonly calls?: readonly SpentCall[];
  /** The dearest groups by the spans of `series`. */
  readonly split?: readonly SpendGroup[];
}

/** Reports, and files of them. Members throw ServiceError only. */
export interface CostReports {
  /** Of all callers with every budget, or of one with those that are his or his groups'. */
  report(query: CostQuery, caller?: Caller): Promise<CostReport>;
  /** RFC 4180: a line for each group. */
  csv(report: CostReport, groupBy: CostGrouping): string | Promise<string>;
  /** A PNG picture of the report of that query. */
  chart(report: CostReport, query: CostQuery): Promise<Uint8Array>;
}
