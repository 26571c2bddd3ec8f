import type { Alert, AlertType } from '../../core/alerts.js';
import type { BudgetDefinition } from '../../core/budget.js';
import type { Clock } from '../../core/clock.js';
import type { ServerEvent } from '../../core/events.js';
import { type AlertCondition, conditionsOf } from './alert-conditions.js';
import type { AlertFlags, CounterState } from './budget-store.js';
import { type Counter, counterName, counterOf, isOneCounter } from './counters.js';
import type { SeedingStore } from './seeding-store.js';
import { type Standings, spentShare } from './standings.js';

/** Counters that one look asks about, the fullest first. */
const watchedAtOnce = 500;

export interface AlertWatchOptions {
  readonly definitions: readonly BudgetDefinition[];
  readonly standings: Standings;
  readonly store: Pick<SeedingStore, 'states'>;
  readonly flags: AlertFlags;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** Looks whether something is worth an alert. */
export interface Watch {
  /** Rejects when the store cannot be reached; the next look finds what this one missed. */
  look(): Promise<void>;
}

/**
 * Tells once when a budget crosses a mark, and once when that is over: when it is clearly below it again, or begins anew.
 * The flags are shared, so that of all processes one tells.
 */
export function createAlertWatch(options: AlertWatchOptions): Watch {
  const { standings, store, flags, clock, onServerEvent } = options;
  const tell = (alert: Alert): void => onServerEvent({ type: 'alert-changed', alert });

  const lookAt = async (counter: Counter, state: CounterState, raised: ReadonlySet<string>): Promise<void> => {
    const nowMs = clock.nowMs();
    const isRefusing = standings.isRefusing(counter);
    for (const condition of conditionsOf({ counter, state, nowMs, isRefusing })) {
      const flag = flagOf(counter, condition);
      const isRaised = raised.has(flagKey(counter.key, flag));
      if (condition.state === 'on' && !isRaised && (await flags.raise(counter.key, flag))) {
        tell(alertOf(counter, state, condition, nowMs));
      }
      if (condition.state === 'off' && isRaised && (await flags.lower(counter.key, flag))) {
        tell(resolved(counter.key, flag, `The budget "${counterName(counter)}" is below the mark again.`, nowMs));
      }
    }
  };
  const endOver = async (raised: Raised): Promise<void> => {
    const nowMs = clock.nowMs();
    for (const { counter, alert } of raised) {
      const flag = readFlag(alert);
      if (!flag || flag.endsAtMs > nowMs || !(await flags.lower(counter, alert))) continue;
      tell(resolved(counter, alert, `The budget "${budgetIn(counter)}" has begun anew.`, nowMs));
    }
  };
  return {
    look: async () => {
      const raised = await flags.raised();
      await endOver(raised);
      const names = new Set(raised.map(({ counter, alert }) => flagKey(counter, alert)));
      const counters = watched(options, new Set(raised.map(({ counter }) => counter)));
      const states = await store.states(counters);
      for (const [index, counter] of counters.entries()) {
        const state = states[index];
        if (state) await lookAt(counter, state, names);
      }
    },
  };
}

type Raised = Awaited<ReturnType<AlertFlags['raised']>>;

/** The budgets that are one counter, and what else this server has heard of; what has an alert on comes before all others. */
function watched({ definitions, standings, clock }: AlertWatchOptions, on: ReadonlySet<string>): readonly Counter[] {
  const nowMs = clock.nowMs();
  const isWatched = ({ limit, alertAbove }: BudgetDefinition): boolean =>
    limit !== undefined || alertAbove !== undefined;
  const fixed = definitions.filter((budget) => isOneCounter(budget) && isWatched(budget));
  const heard = standings
    .current(nowMs)
    .filter(({ counter }) => isWatched(counter.budget) && !isOneCounter(counter.budget))
    .toSorted((left, right) => spentShare(right.counter, right.state) - spentShare(left.counter, left.state))
    .map(({ counter }) => counter);
  const first = heard.filter(({ key }) => on.has(key));
  const all = [...fixed.map((budget) => counterOf(budget, '', nowMs)), ...first, ...heard];
  return [...new Map(all.map((counter) => [counter.key, counter])).values()].slice(0, watchedAtOnce);
}

/** All that is needed to end an alert, whichever process does; the counter's budget may be unknown to it. */
const flagOf = ({ window }: Counter, { name, type, severity }: AlertCondition): string =>
  [name, type, severity, window.toMs].join(' ');

interface Flag {
  readonly name: string;
  readonly type: AlertType;
  readonly severity: Alert['severity'];
  readonly endsAtMs: number;
}

const types: readonly AlertType[] = ['budget.threshold', 'budget.amount', 'budget.exceeded', 'budget.forecast'];

function readFlag(text: string): Flag | undefined {
  const [name = '', typeName, severity, endsAtMs = ''] = text.split(' ');
  const type = types.find((known) => known === typeName);
  if (!type) return undefined;
  return { name, type, severity: severity === 'critical' ? 'critical' : 'warning', endsAtMs: Number(endsAtMs) };
}

const flagKey = (counter: string, flag: string): string => `${counter} ${flag}`;

/** What comes before scope, unit, period, window and owner in the key of a counter. */
const budgetIn = (counter: string): string => counter.split(':').slice(0, -5).join(':');

function alertOf(counter: Counter, { spent }: CounterState, condition: AlertCondition, nowMs: number): Alert {
  const { name, type, severity, summary } = condition;
  const { unit, period, limit, hard } = counter.budget;
  const inUnit = (amount: number): number => (unit === 'usd' ? amount / 1e9 : amount);
  return {
    key: `${counter.key}/${name}`,
    type,
    status: 'firing',
    severity,
    summary,
    atMs: nowMs,
    endsAtMs: counter.window.toMs,
    facts: {
      budget: counterName(counter),
      kind: hard ? 'hard' : 'soft',
      period,
      unit,
      spent: inUnit(spent),
      ...(limit !== undefined && { limit: inUnit(limit) }),
      resets_at: new Date(counter.window.toMs).toISOString(),
    },
  };
}

function resolved(counter: string, text: string, summary: string, nowMs: number): Alert {
  const { name = '', type = 'budget.threshold', severity = 'warning' } = readFlag(text) ?? {};
  const facts = { budget: budgetIn(counter) };
  return { key: `${counter}/${name}`, type, status: 'resolved', severity, summary, facts, atMs: nowMs };
}
