import { ServiceError } from './errors.js';

export const periods = [
  'today',
  'yesterday',
  'last_7_days',
  'last_30_days',
  'this_week',
  'this_month',
  'custom',
] as const;
export type Period = (typeof periods)[number];

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

const dayMs = 86_400_000;
const longestRangeMs = 1_100 * dayMs;

function startOfDay(ms: number): number {
  return Math.floor(ms / dayMs) * dayMs;
}

function startOfMonth(ms: number, monthsLater: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + monthsLater, 1);
}

/** Days since Monday. */
function weekday(ms: number): number {
  return (new Date(ms).getUTCDay() + 6) % 7;
}

/** Whole UTC days from a named period; one that is not over yet ends in the future, so that it can be forecast. */
export function namedRange(period: Exclude<Period, 'custom'>, nowMs: number): TimeRange {
  const today = startOfDay(nowMs);
  const tomorrow = today + dayMs;
  const monday = today - weekday(today) * dayMs;
  const ranges = {
    today: [today, tomorrow],
    yesterday: [today - dayMs, today],
    last_7_days: [tomorrow - 7 * dayMs, tomorrow],
    last_30_days: [tomorrow - 30 * dayMs, tomorrow],
    this_week: [monday, monday + 7 * dayMs],
    this_month: [startOfMonth(nowMs, 0), startOfMonth(nowMs, 1)],
  } as const satisfies Record<typeof period, readonly [number, number]>;
  const [fromMs, toMs] = ranges[period];
  return { fromMs, toMs };
}

const isoDate = /^\d{4}-\d{2}-\d{2}$/;
const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970; a date alone is the start of its UTC day. Undefined when it is not a real date. */
export function parseMoment(text: string): number | undefined {
  if (!isoDate.test(text) && !isoTime.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  // Date.parse takes 30 February for 2 March.
  return isoDate.test(text) && new Date(ms).toISOString().slice(0, 10) !== text ? undefined : ms;
}

/**
 * A range the caller gave; `to` may be left out (now) and a date alone means to the end of that day.
 * @throws ServiceError validation when the range is empty or too long.
 */
export function customRange(from: string, to: string | undefined, nowMs: number): TimeRange {
  const fromMs = parseMoment(from) ?? Number.NaN;
  const end = to === undefined ? nowMs : (parseMoment(to) ?? Number.NaN);
  const toMs = to !== undefined && isoDate.test(to) ? end + dayMs : end;
  if (!(fromMs < toMs)) throw new ServiceError('validation', '`from` must lie before `to`.');
  if (toMs - fromMs > longestRangeMs) {
    throw new ServiceError('validation', `The period is longer than ${longestRangeMs / dayMs} days.`);
  }
  return { fromMs, toMs };
}
