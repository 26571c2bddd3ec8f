import { createHash } from 'node:crypto';
import {
  amountIn,
  type BudgetDefinition,
  type BudgetScope,
  type BudgetSubject,
  type BudgetUse,
} from '../../core/budget.js';
import type { CallerBudget } from '../../core/pipeline.js';
import { type CalendarWindow, calendarWindow } from './calendar-window.js';

/** One number that a store counts: the use of a budget, for one value of its scope, in one window. */
export interface Counter {
  readonly key: string;
  readonly budget: BudgetDefinition;
  /** Whose it is, where each caller, session, model, provider or tag value has one of its own; else empty. */
  readonly value: string;
  readonly window: CalendarWindow;
}

/** A part of a hold or of a booking. */
export interface CounterAmount {
  readonly counter: Counter;
  readonly amount: number;
}

/** The value of the scope that a subject counts for; undefined when the budget does not concern it. */
export function scopeValue(scope: BudgetScope, subject: BudgetSubject): string | undefined {
  switch (scope.kind) {
    case 'server':
      return '';
    case 'group':
      return scope.callers.includes(subject.caller) ? '' : undefined;
    case 'tag':
      return fixedOrOwn(scope.value, subject.tags[scope.name]);
    default:
      return fixedOrOwn(scope.value, subject[scope.kind]);
  }
}

function fixedOrOwn(wanted: string | undefined, actual: string | undefined): string | undefined {
  if (wanted === undefined) return actual;
  return wanted === actual ? '' : undefined;
}

/** The counters of all budgets that concern the subject, in the windows around the moment. */
export function countersOf(
  definitions: readonly BudgetDefinition[],
  subject: BudgetSubject,
  atMs: number,
): readonly Counter[] {
  return [...definitions, ...ownBudgets(subject)].flatMap((budget) => {
    const value = scopeValue(budget.scope, subject);
    return value === undefined ? [] : [counterOf(budget, value, atMs)];
  });
}

const ownDefinitions = new WeakMap<CallerBudget, { readonly caller: string; readonly made: BudgetDefinition[] }>();

/** The budgets that came with the identity of the caller: in USD, by the UTC day and month. */
function ownBudgets({ own, caller }: BudgetSubject): readonly BudgetDefinition[] {
  if (!own) return [];
  const known = ownDefinitions.get(own);
  if (known?.caller === caller) return known.made;
  const common = { scope: { kind: 'caller', value: caller }, timeZone: 'UTC', unit: 'usd', hard: true } as const;
  const rest = { ...common, onStoreLoss: 'closed', slicePercent: 1, alertAt: [80, 100] } as const;
  const nano = (usd: number): number => Math.round(usd * 1e9);
  const { dailyUsd, monthlyUsd } = own;
  const made: BudgetDefinition[] = [];
  if (dailyUsd !== undefined) made.push({ ...rest, name: `${caller}/day`, period: 'day', limit: nano(dailyUsd) });
  if (monthlyUsd !== undefined)
    made.push({ ...rest, name: `${caller}/month`, period: 'month', limit: nano(monthlyUsd) });
  ownDefinitions.set(own, { caller, made });
  return made;
}

export function counterOf(budget: BudgetDefinition, value: string, atMs: number): Counter {
  const window = windowOf(budget, atMs);
  return { key: counterKey(budget, value, window), budget, value, window };
}

const latestWindows = new WeakMap<BudgetDefinition, CalendarWindow>();

/** Time zones are slow to reckon with, and nearly all calls fall into the window of the one before. */
export function windowOf(budget: BudgetDefinition, atMs: number): CalendarWindow {
  const latest = latestWindows.get(budget);
  if (latest && latest.fromMs <= atMs && atMs < latest.toMs) return latest;
  const window = calendarWindow(budget.period, budget.timeZone, atMs);
  latestWindows.set(budget, window);
  return window;
}

/**
 * The window is part of the name, so that a new one begins at zero with no reset that could be written twice; so is what
 * is counted, so that a budget that is defined anew under an old name does not go on with foreign figures.
 */
function counterKey(
  { name, scope, unit, period }: BudgetDefinition,
  value: string,
  { fromMs }: CalendarWindow,
): string {
  const owner = value === '' ? '' : createHash('sha256').update(value).digest('base64url').slice(0, 22);
  return [name, digest(scope), unit, period, fromMs, owner].join(':');
}

const digests = new WeakMap<BudgetScope, string>();

function digest(scope: BudgetScope): string {
  const known = digests.get(scope);
  if (known !== undefined) return known;
  const made = createHash('sha256').update(JSON.stringify(scope)).digest('base64url').slice(0, 8);
  digests.set(scope, made);
  return made;
}

export function amountsOf(counters: readonly Counter[], use: BudgetUse): readonly CounterAmount[] {
  return counters.map((counter) => ({ counter, amount: amountIn(counter.budget.unit, use) }));
}

/** Names a counter to people: the budget, and whose part of it. */
export const counterName = ({ budget, value }: Counter): string =>
  value === '' ? budget.name : `${budget.name}/${value}`;

/** True when the budget is one counter at a time, whoever calls. */
export const isOneCounter = ({ scope }: BudgetDefinition): boolean =>
  scope.kind === 'server' || scope.kind === 'group' || scope.value !== undefined;
