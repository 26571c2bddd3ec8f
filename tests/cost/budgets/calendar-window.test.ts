import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BudgetPeriod, budgetPeriods } from '../../../src/core/budget.js';
import { calendarWindow } from '../../../src/cost/budgets/calendar-window.js';

const hourMs = 3_600_000;
const window = (period: BudgetPeriod, zone: string, at: string) => {
  const { fromMs, toMs } = calendarWindow(period, zone, Date.parse(at));
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), hours: (toMs - fromMs) / hourMs };
};

describe('the window around a moment', () => {
  it.each([
    ['hour', 'UTC', '2026-11-25T10:30:00Z', '2026-11-25T10:00:00.000Z', 1],
    ['hour', 'Asia/Kolkata', '2026-11-25T10:45:00Z', '2026-11-25T10:00:00.000Z', 1],
    ['day', 'UTC', '2026-11-25T23:59:59.999Z', '2026-11-25T00:00:00.000Z', 24],
    ['day', 'Europe/Berlin', '2026-11-25T23:30:00Z', '2026-11-25T23:00:00.000Z', 24],
    ['week', 'UTC', '2026-11-29T12:00:00Z', '2026-11-23T00:00:00.000Z', 168],
    ['month', 'UTC', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', 29 * 24],
    ['month', 'America/New_York', '2026-12-01T04:59:00Z', '2026-11-01T04:00:00.000Z', 30 * 24 + 1],
  ] as const)('a %s in %s at %s begins at %s', (period, zone, at, from, hours) => {
    expect(window(period, zone, at)).toMatchObject({ from, hours });
  });

  it('has 23 hours on the day the clocks go forward and 25 on the day they go back', () => {
    expect(window('day', 'Europe/Berlin', '2026-03-29T12:00:00Z').hours).toBe(23);
    expect(window('day', 'Europe/Berlin', '2026-10-25T12:00:00Z').hours).toBe(25);
    expect(window('week', 'America/New_York', '2026-11-01T12:00:00Z').hours).toBe(7 * 24 + 1);
  });

  it('counts the hour that is there twice as two', () => {
    const first = window('hour', 'Europe/Berlin', '2026-10-25T00:30:00Z');
    const second = window('hour', 'Europe/Berlin', '2026-10-25T01:30:00Z');
    expect(second.from).toBe(first.to);
  });

  it.each(['Africa/Cairo', 'Asia/Beirut', 'America/Sao_Paulo', 'America/Havana', 'Asia/Gaza'])(
    'begins where the day begins in %s, also where midnight does not exist',
    (zone) => {
      for (let day = Date.UTC(2016, 0, 1, 12); day < Date.UTC(2019, 0); day += 24 * hourMs) {
        const { fromMs, toMs } = calendarWindow('day', zone, day);
        expect(calendarWindow('day', zone, toMs).fromMs).toBe(toMs);
        expect(calendarWindow('day', zone, fromMs - 1).toMs).toBe(fromMs);
      }
    },
  );

  it('tiles time in every zone and period: no gap, no overlap', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'Asia/Kathmandu'];
    const moment = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), fc.constantFrom(...budgetPeriods), moment, (zone, period, atMs) => {
        const { fromMs, toMs } = calendarWindow(period, zone, atMs);
        expect(fromMs).toBeLessThanOrEqual(atMs);
        expect(toMs).toBeGreaterThan(atMs);
        expect(calendarWindow(period, zone, fromMs)).toEqual({ fromMs, toMs });
        expect(calendarWindow(period, zone, toMs - 1)).toEqual({ fromMs, toMs });
        expect(calendarWindow(period, zone, toMs).fromMs).toBe(toMs);
      }),
      { numRuns: 300 },
    );
  });
});
