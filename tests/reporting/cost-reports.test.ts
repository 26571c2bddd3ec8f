import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CostQuery } from '../../src/core/cost-report.js';
import type { Ledger } from '../../src/core/ledger.js';
import { noUsage } from '../../src/core/response.js';
import { createCostReporter } from '../../src/reporting/cost-reports.js';
import { ledgerRow } from '../contracts/ledger-row.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';
import { memoryLedger } from '../support/memory-ledger.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.UTC(2026, 10, 23);
const day = { fromMs: start, toMs: start + dayMs };

let clock: FakeClock;
let ledger: Ledger;
const report = (query: Partial<CostQuery> = {}) =>
  createCostReporter({ ledger, clock, budgets: () => Promise.resolve([]) })({ ...day, groupBy: 'model', ...query });
const book = (id: string, atMs: number, cost: number, overrides: Parameters<typeof ledgerRow>[0] = {}) =>
  ledger.settle(id, [
    ledgerRow({ attemptId: id, requestId: id, atMs, cost: { nanoUsd: cost, estimated: false }, ...overrides }),
  ]);

beforeEach(async () => {
  clock = fakeClock();
  ledger = memoryLedger(clock);
  await book('a', start + 10, 1_000, { promptCacheSaved: 300, routingSaved: 4_000, tags: { team: 'x', env: 'y' } });
  await book('b', start + hourMs, 7_000, { caller: 'bob', promptCacheSaved: -100, session: 's1' });
  await book('c', start - dayMs, 1_000);
  await clock.advance(6 * hourMs);
});
afterEach(() => ledger.close());

it('has totals, groups, savings of every kind, an hourly series and a forecast for a running day', async () => {
  const found = await report({ groupBy: 'caller' });
  expect(found.totals).toMatchObject({ key: '', calls: 2, cost: 8_000, promptCacheSaved: 200, routingSaved: 4_000 });
  expect(found.groups.map(({ key, cost }) => [key, cost])).toEqual([
    ['bob', 7_000],
    ['alice', 1_000],
  ]);
  expect(found.series.map(({ key }) => key)).toEqual(['2026-11-23T00:00:00Z', '2026-11-23T01:00:00Z']);
  expect(found.forecast).toEqual({ cost: 32_000, basis: 'pace', days: 1 });
});

it('has a daily series beyond two days', async () => {
  const { series } = await report({ fromMs: start - dayMs, toMs: start + dayMs + 1 });
  expect(series.map(({ key, cost }) => [key, cost])).toEqual([
    ['2026-11-22', 1_000],
    ['2026-11-23', 8_000],
  ]);
});

it.each([
  ['is over', start - 9 * dayMs, start - 8 * dayMs],
  ['has not begun', start + dayMs, start + 2 * dayMs],
])('of a period that %s is all zero without a forecast', async (_, fromMs, toMs) => {
  const found = await report({ fromMs, toMs, groupBy: 'day' });
  const none = { calls: 0, cost: 0, saved: 0, promptCacheSaved: 0, routingSaved: 0, usage: noUsage };
  expect(found).toEqual({ totals: { key: '', ...none }, groups: [], series: [], budgets: [] });
});

it('tells of one group alone', async () => {
  const found = await report({ groupBy: 'caller', key: 'bob' });
  expect(found.totals).toMatchObject({ key: '', calls: 1, cost: 7_000 });
  expect(found.groups.map(({ key }) => key)).toEqual(['bob']);
  expect(found.series.map(({ key, cost }) => [key, cost])).toEqual([['2026-11-23T01:00:00Z', 7_000]]);
  expect((await report({ groupBy: 'caller', key: "nobody' OR 1=1" })).totals.cost).toBe(0);
});

it('names the top spenders of each kind with their shares', async () => {
  const { top } = await report({ top: 1 });
  expect(top).toEqual([
    { by: 'caller', key: 'bob', calls: 1, cost: 7_000, share: 7 / 8 },
    { by: 'model', key: 'amazon.nova-lite-v1:0', calls: 2, cost: 8_000, share: 1 },
    { by: 'task', key: 'code', calls: 2, cost: 8_000, share: 1 },
    { by: 'session', key: 's1', calls: 1, cost: 7_000, share: 7 / 8 },
    { by: 'tag', key: 'env=y', calls: 1, cost: 1_000, share: 1 / 8 },
  ]);
});

it('tells groups apart over time, and each span adds up to its whole', async () => {
  const { split = [], series } = await report({ groupBy: 'caller', split: true });
  expect(split.map(({ key, at, cost }) => [key, at, cost])).toEqual([
    ['alice', '2026-11-23T00:00:00Z', 1_000],
    ['bob', '2026-11-23T01:00:00Z', 7_000],
  ]);
  expect(split.reduce((sum, { cost }) => sum + cost, 0)).toBe(series.reduce((sum, { cost }) => sum + cost, 0));
});

describe('single calls', () => {
  beforeEach(async () => {
    await book('d/1', start + 2 * hourMs, 5_000, { requestId: 'd', outcome: 'failed', caller: 'bob' });
    const costParts = { input: 1_000, output: 3_500, cacheRead: 0, cacheWrite: 0, other: 0 };
    await book('d/2', start + 2 * hourMs + 1, 4_500, { requestId: 'd', caller: 'bob', costParts, firstOfCall: false });
  });

  it('come with all of their attempts, the dearest first', async () => {
    const { calls = [] } = await report({ calls: { order: 'dearest', limit: 2 } });
    expect(calls.map(({ requestId, cost }) => [requestId, cost.nanoUsd])).toEqual([
      ['d', 9_500],
      ['b', 7_000],
    ]);
    expect(calls[0]?.attempts).toMatchObject([
      { attemptId: 'd/1', outcome: 'failed' },
      { attemptId: 'd/2', costParts: { input: 1_000, output: 3_500 }, recovered: false },
    ]);
  });

  it('come latest first, of one group, tags too', async () => {
    const latest = await report({ groupBy: 'caller', key: 'bob', calls: { order: 'latest', limit: 9 } });
    expect(latest.calls?.map(({ requestId }) => requestId)).toEqual(['d', 'b']);
    const tagged = await report({ groupBy: 'tag', key: 'team=x', calls: { order: 'latest', limit: 9 } });
    expect(tagged.calls).toMatchObject([{ requestId: 'a', tags: { team: 'x', env: 'y' } }]);
  });
});
