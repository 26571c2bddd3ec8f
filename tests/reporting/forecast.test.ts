import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ForecastInput, forecastOf, historyStart } from '../../src/reporting/forecast.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Noon of a Wednesday. */
const nowMs = Date.UTC(2026, 10, 25, 12);

/** Hours of so many days back from noon; `costOf` has the hour of the day and how many days ago it was. */
function history(days: number, costOf: (hour: number, daysAgo: number) => number): ForecastInput['hours'] {
  return Array.from({ length: days * 24 }, (_, index) => {
    const atMs = nowMs - days * dayMs + index * hourMs;
    return { atMs, cost: costOf(new Date(atMs).getUTCHours(), Math.ceil((nowMs - atMs) / dayMs)) };
  });
}
const today = { fromMs: nowMs - 12 * hourMs, toMs: nowMs + 12 * hourMs, nowMs };

it('of a day adds what was usual after this time of day', () => {
  const hours = history(10, (hour) => (hour >= 12 ? 100 : 1));
  const found = forecastOf({ ...today, spent: 12, hours });
  expect(found).toEqual({ cost: 12 + 1_200, interval: { low: 1_212, high: 1_212 }, basis: 'days', days: 10 });
});

it('of a month adds the mean day for each day that is left; worked out by hand', () => {
  // Days of 2,400, 4,800, 7,200 and 4,800: mean 4,800, s² = (2·2,400²)/3 = 3,840,000.
  const perHour = [0, 100, 200, 300, 200];
  const hours = history(4, (_, daysAgo) => perHour[daysAgo] ?? 0);
  const found = forecastOf({ fromMs: nowMs - 24 * dayMs, toMs: nowMs + 6 * dayMs, nowMs, spent: 50_000, hours });
  // t(0.95, 3) = 2.353; 2.353 · √(3,840,000 · (6 + 36/4)) = 17,858.
  expect(found).toMatchObject({ cost: 50_000 + 6 * 4_800, basis: 'days', days: 4 });
  expect(found?.interval?.high).toBeCloseTo(78_800 + 17_858, -1);
  expect(found?.interval?.low).toBeCloseTo(78_800 - 17_858, -1);
});

it('goes by the pace so far before there are three days, without an interval', () => {
  expect(forecastOf({ ...today, spent: 1_000, hours: history(2, () => 5) })).toEqual({
    cost: 2_000,
    basis: 'pace',
    days: 2,
  });
  expect(forecastOf({ ...today, spent: 0, hours: [] })).toEqual({ cost: 0, basis: 'pace', days: 0 });
});

it.each([
  ['over', nowMs - 2 * dayMs, nowMs],
  ['still to come', nowMs, nowMs + dayMs],
])('there is none of a period that is %s', (_, fromMs, toMs) => {
  expect(forecastOf({ fromMs, toMs, nowMs, spent: 1, hours: history(9, () => 1) })).toBeUndefined();
});

it('never says less than was spent already', () => {
  const spending = fc.array(fc.nat(1e9), { minLength: 24 * 3, maxLength: 24 * 28 });
  fc.assert(
    fc.property(spending, fc.nat(1e12), fc.integer({ min: 1, max: 31 * 24 }), (costs, spent, hoursLeft) => {
      const hours = costs.map((cost, index) => ({ atMs: nowMs - (costs.length - index) * hourMs, cost }));
      const found = forecastOf({ fromMs: nowMs - dayMs, toMs: nowMs + hoursLeft * hourMs, nowMs, spent, hours });
      expect(found?.interval?.low).toBeGreaterThanOrEqual(spent);
      expect(found?.interval?.high).toBeGreaterThanOrEqual(found?.cost ?? 0);
    }),
    { seed: 3, numRuns: 100 },
  );
});

describe('the interval', () => {
  it('holds what then happens about nine times out of ten, where days are alike', () => {
    let seed = 42;
    // A small generator of its own: the same every time.
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    const bell = (): number => 1_000 + 100 * (Array.from({ length: 12 }, random).reduce((a, b) => a + b, 0) - 6);
    let inside = 0;
    const rounds = 1_000;
    for (let round = 0; round < rounds; round += 1) {
      const past = Array.from({ length: 14 }, bell);
      const hours = past.map((cost, index) => ({ atMs: nowMs - (14 - index) * dayMs, cost }));
      const truth = Array.from({ length: 7 }, bell).reduce((sum, cost) => sum + cost, 0);
      const found = forecastOf({ fromMs: nowMs - dayMs, toMs: nowMs + 7 * dayMs, nowMs, spent: 0, hours });
      const { low = 0, high = 0 } = found?.interval ?? {};
      if (truth >= low && truth <= high) inside += 1;
    }
    expect(inside / rounds).toBeGreaterThan(0.87);
    expect(inside / rounds).toBeLessThan(0.93);
  });
});

it('needs the hours of four weeks', () => {
  expect(new Date(historyStart(nowMs + 1)).toISOString()).toBe('2026-10-28T12:00:00.000Z');
});
