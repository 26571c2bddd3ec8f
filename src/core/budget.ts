import type { CallerBudget } from './pipeline.js';
import type { NanoUsd, Usage } from './response.js';

export const budgetPeriods = ['hour', 'day', 'week', 'month'] as const;
export type BudgetPeriod = (typeof budgetPeriods)[number];

export const budgetUnits = ['usd', 'tokens', 'calls'] as const;
/** What a budget counts. Amounts in `usd` are integer nano-dollars. */
export type BudgetUnit = (typeof budgetUnits)[number];

export const storeLossPolicies = ['closed', 'slice', 'open'] as const;
/**
 * What a budget does while its counters cannot be reached: refuse (`closed`), go on within a part that was set aside
 * for this server beforehand (`slice`), or go on uncounted and count later (`open`).
 */
export type StoreLossPolicy = (typeof storeLossPolicies)[number];

/** Whose use a budget counts. Without `value` each caller, session, model, provider or tag value has one of its own. */
export type BudgetScope =
  | { readonly kind: 'server' }
  | { readonly kind: 'caller' | 'session' | 'model' | 'provider'; readonly value?: string }
  | { readonly kind: 'group'; readonly callers: readonly string[] }
  | { readonly kind: 'tag'; readonly name: string; readonly value?: string };

export interface BudgetDefinition {
  /** Names it in reports, alerts and metrics; unique. */
  readonly name: string;
  readonly scope: BudgetScope;
  readonly period: BudgetPeriod;
  /** IANA name, such as Europe/Berlin. */
  readonly timeZone: string;
  readonly unit: BudgetUnit;
  /** In the unit; undefined: use is counted and not limited. */
  readonly limit?: number;
  /** A soft budget warns and prefers cheaper models; it never refuses. */
  readonly hard: boolean;
  readonly onStoreLoss: StoreLossPolicy;
  /** Percent of the limit that each server sets aside for itself under the policy `slice`. */
  readonly slicePercent: number;
  /** Percents of the limit at which an alert is raised. */
  readonly alertAt: readonly number[];
  /** Amount, in the unit, above which an alert is raised; needs no limit. */
  readonly alertAbove?: number;
}

/** Who uses what: the facts by which the budgets of an attempt are found. */
export interface BudgetSubject {
  readonly caller: string;
  readonly session?: string;
  readonly model: string;
  readonly provider: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Limits of the caller's own, which came with his identity. */
  readonly own?: CallerBudget;
}

/** What an attempt uses, or may use, in every unit. */
export interface BudgetUse {
  readonly cost: NanoUsd;
  readonly tokens: number;
  /** 1 for a billed call of a model. */
  readonly calls: number;
}

/** Attempts of callers in a group carry this tag, so that ledger and budgets count groups as they count tags. */
const groupTagPrefix = 'group:';
const memberValue = 'yes';

export const groupScope = (group: string): BudgetScope => ({
  kind: 'tag',
  name: groupTagPrefix + group,
  value: memberValue,
});

/** The tags of a call; nobody but the server says who is in a group. */
export function tagsWithGroups(
  tags: Readonly<Record<string, string>> = {},
  groups: readonly string[] = [],
): Readonly<Record<string, string>> {
  const given = Object.entries(tags).filter(([name]) => !name.startsWith(groupTagPrefix));
  const memberships = groups.map((group): [string, string] => [groupTagPrefix + group, memberValue]);
  return Object.fromEntries([...given, ...memberships]);
}

export const useOf = (cost: NanoUsd, { totalTokens }: Pick<Usage, 'totalTokens'>): BudgetUse => ({
  cost,
  tokens: totalTokens,
  calls: 1,
});

export function amountIn(unit: BudgetUnit, use: BudgetUse): number {
  if (unit === 'usd') return use.cost;
  return unit === 'tokens' ? use.tokens : use.calls;
}
