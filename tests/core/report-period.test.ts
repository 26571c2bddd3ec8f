import { describe, expect, it } from '@jest/globals';
import { namedRange, parseMoment } from '../../src/core/report-period.js';

const day = (text: string) => Date.parse(`${text}T00:00:00Z`);
/** A Wednesday. */
const now = Date.parse('2026-11-25T13:30:00Z');

describe('named periods', () => {
  it.each([
    ['today', '2026-11-25', '2026-11-26'],
    ['yesterday', '2026-11-24', '2026-11-25'],
    ['last_7_days', '2026-11-19', '2026-11-26'],
    ['last_30_days', '2026-10-27', '2026-11-26'],
    ['this_week', '2026-11-23', '2026-11-30'],
    ['this_month', '2026-11-01', '2026-12-01'],
  ] as const)('%s', (period, from, to) => {
    expect(namedRange(period, now)).toEqual({ fromMs: day(from), toMs: day(to) });
  });

  it.each([
    ['a Sunday belongs to the week before', 'this_week', '2026-11-29T23:59:59Z', '2026-11-23', '2026-11-30'],
    ['a Monday starts its own', 'this_week', '2026-11-30T00:00:00Z', '2026-11-30', '2026-12-07'],
    ['December ends with the year', 'this_month', '2026-12-31T23:59:59Z', '2026-12-01', '2027-01-01'],
  ] as const)('%s', (_, period, at, from, to) => {
    expect(namedRange(period, Date.parse(at))).toEqual({ fromMs: day(from), toMs: day(to) });
  });
});

describe('moments', () => {
  it.each([
    ['2026-11-25', day('2026-11-25')],
    ['2026-11-25T13:30:00Z', now],
    ['2026-11-25T14:30:00.000+01:00', now],
    ['2026-11-25T13:30Z', now],
  ])('%s is read', (text, ms) => expect(parseMoment(text)).toBe(ms));

  it.each(['', '2026-13-01', '2026-02-30', '2026-11-25T25:00:00Z', '2026-11-25T13:30:00', '25.11.2026', '1764000000'])(
    '%j is not',
    (text) => expect(parseMoment(text)).toBeUndefined(),
  );
});
