import type { AlertType } from '../../core/alerts.js';
import { amountText } from './budget-refusal.js';
import type { CounterState } from './budget-store.js';
import { type Counter, counterName } from './counters.js';

/** What has begun to be above a mark ends only clearly below it: this part of the mark. */
const clearBelow = 0.95;
const forecastClearBelow = 0.9;
/** A forecast from less of the window, or of the limit, says nothing. */
const forecastFrom = { elapsed: 0.1, spent: 0.2 };

/** One thing about a counter that is worth an alert, as it stands. */
export interface AlertCondition {
  /** Tells the conditions of a counter apart. */
  readonly name: string;
  readonly type: AlertType;
  readonly severity: 'critical' | 'warning';
  /** Between the two an alert stays as it is. */
  readonly state: 'on' | 'between' | 'off';
  readonly summary: string;
}

export interface CounterMoment {
  readonly counter: Counter;
  readonly state: CounterState;
  readonly nowMs: number;
  /** A call was refused in this window because no room is left. */
  readonly isRefusing: boolean;
}

export function conditionsOf(moment: CounterMoment): readonly AlertCondition[] {
  const { alertAbove, limit } = moment.counter.budget;
  return [
    ...(alertAbove === undefined ? [] : [amountCondition(moment, alertAbove)]),
    ...(limit === undefined ? [] : limitConditions(moment, limit)),
  ];
}

const limitConditions = (moment: CounterMoment, limit: number): readonly AlertCondition[] => [
  ...moment.counter.budget.alertAt.map((percent) => thresholdCondition(moment, limit, percent)),
  refusalCondition(moment, limit),
  forecastCondition(moment, limit),
];

function thresholdCondition(moment: CounterMoment, limit: number, percent: number): AlertCondition {
  const { counter, state } = moment;
  const mark = (limit * percent) / 100;
  const share = Math.floor((state.spent / limit) * 100);
  return {
    name: `threshold-${percent}`,
    type: 'budget.threshold',
    severity: percent >= 100 ? 'critical' : 'warning',
    state: against(state.spent, mark, clearBelow),
    summary: `${subject(counter)} is ${share} % spent: ${spentText(moment)} of ${amountText(counter.budget.unit, limit)}.`,
  };
}

function amountCondition(moment: CounterMoment, mark: number): AlertCondition {
  const { counter, state } = moment;
  return {
    name: 'amount',
    type: 'budget.amount',
    severity: 'warning',
    state: against(state.spent, mark, clearBelow),
    summary: `${subject(counter)}: ${spentText(moment)} is spent, above ${amountText(counter.budget.unit, mark)}.`,
  };
}

/** Not what is spent: a limit that no call fits under any more is reached, wherever it stands. */
function refusalCondition(moment: CounterMoment, limit: number): AlertCondition {
  const { counter, isRefusing } = moment;
  const { unit } = counter.budget;
  const until = new Date(counter.window.toMs).toISOString();
  return {
    name: 'refusal',
    type: 'budget.exceeded',
    severity: 'critical',
    state: isRefusing ? 'on' : 'between',
    summary: `${subject(counter)} refuses calls that could use more than is left, until ${until}: ${spentText(moment)} of ${amountText(unit, limit)} is spent.`,
  };
}

function forecastCondition(moment: CounterMoment, limit: number): AlertCondition {
  const { counter, state, nowMs } = moment;
  const { fromMs, toMs } = counter.window;
  const elapsed = (nowMs - fromMs) / (toMs - fromMs);
  const forecast = Math.round(state.spent / Math.max(elapsed, Number.EPSILON));
  const isTelling = elapsed >= forecastFrom.elapsed && state.spent >= limit * forecastFrom.spent;
  const standing = against(forecast, limit, forecastClearBelow);
  return {
    name: 'forecast',
    type: 'budget.forecast',
    severity: 'warning',
    // What is spent already is no forecast any more; the thresholds tell that.
    state: standing === 'on' && (!isTelling || state.spent >= limit) ? 'between' : standing,
    summary: `${subject(counter)} will be overrun at this rate: ${amountText(counter.budget.unit, forecast)} of ${amountText(counter.budget.unit, limit)} by its end.`,
  };
}

function against(value: number, mark: number, clearPart: number): AlertCondition['state'] {
  if (value >= mark) return 'on';
  return value < mark * clearPart ? 'off' : 'between';
}

const subject = (counter: Counter): string => `The budget "${counterName(counter)}"`;

const spentText = ({ counter, state }: CounterMoment): string => amountText(counter.budget.unit, state.spent);
