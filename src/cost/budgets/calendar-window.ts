import { DateTime } from 'luxon';
import type { BudgetPeriod } from '../../core/budget.js';

/** A stretch of wall-clock time: from `fromMs`, up to but without `toMs`, milliseconds since 1970. */
export interface CalendarWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const hourMs = 3_600_000;

/**
 * The hour (of UTC), or the calendar day, week (from Monday) or month of the zone around a moment. Days that lose or gain
 * an hour to daylight saving are 23 or 25 hours long; windows of one zone and period follow each other without gap or
 * overlap.
 */
export function calendarWindow(period: BudgetPeriod, timeZone: string, atMs: number): CalendarWindow {
  if (period === 'hour') {
    const fromMs = Math.floor(atMs / hourMs) * hourMs;
    return { fromMs, toMs: fromMs + hourMs };
  }
  const start = DateTime.fromMillis(atMs, { zone: timeZone }).startOf(period);
  const end = start.plus({ [period]: 1 }).startOf(period);
  return { fromMs: firstMidnight(start), toMs: firstMidnight(end) };
}

/** Where clocks go back at midnight that midnight is there twice, and the day begins with the first. */
function firstMidnight(start: DateTime): number {
  const earlier = start.minus({ hours: 1 });
  return (earlier.day === start.day ? earlier : start).toMillis();
}
