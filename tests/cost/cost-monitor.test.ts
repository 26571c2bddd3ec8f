import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { CallEvent } from '../../src/core/events.js';
import type { Ledger } from '../../src/core/ledger.js';
import type { Logger, ModelDirectory } from '../../src/core/ports.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, profileId, region } from '../../src/core/target.js';
import type { BudgetStore } from '../../src/cost/budgets/budget-store.js';
import { type CostMonitor, createCostMonitor } from '../../src/cost/cost-monitor.js';
import { createRetryingLedger } from '../../src/cost/ledgers/retrying-ledger.js';
import { formatUsd, nanoFromUsd } from '../../src/cost/money.js';
import { dayMs, hourMs } from '../../src/cost/time-spans.js';
import { createCostReporter } from '../../src/reporting/cost-reports.js';
import { ledgerRow } from '../contracts/ledger-row.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';
import { memoryLedger } from '../support/memory-ledger.js';
import { budget, memoryStore, openBudgets } from './budget-setup.js';

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const directory = { find: () => undefined } as Partial<ModelDirectory> as ModelDirectory;
const start = Date.UTC(2026, 10, 23);

describe('the cost monitor', () => {
  let clock: FakeClock;
  let ledger: Ledger;
  let store: BudgetStore;
  const budgetsOf = (dailyLimit?: number) => {
    const definitions = [budget(dailyLimit === undefined ? {} : { limit: dailyLimit })];
    return openBudgets({ clock, truth: ledger, definitions, store });
  };
  const monitor = (dailyLimit?: number): CostMonitor =>
    createCostMonitor({
      ledger: createRetryingLedger({ ledger, logger: silent }),
      clock,
      logger: silent,
      directory,
      budgets: budgetsOf(dailyLimit).list,
    });

  beforeEach(async () => {
    clock = fakeClock();
    ledger = memoryLedger(clock);
    store = await memoryStore(clock);
    await ledger.settle('none', [
      ledgerRow({ attemptId: 'a', requestId: 'a', atMs: start + 10 }),
      ledgerRow({
        attemptId: 'b',
        requestId: 'b',
        atMs: start + hourMs,
        caller: 'bob',
        cost: { nanoUsd: 7_000, estimated: true },
      }),
      ledgerRow({ attemptId: 'c', requestId: 'c', atMs: start - dayMs }),
    ]);
    await clock.advance(6 * hourMs);
  });

  afterEach(() => ledger.close());

  describe('budgets', () => {
    it.each([
      [undefined, 'unlimited'],
      [100_000, 'open'],
      [10_000, 'near_limit'],
      [8_000, 'exhausted'],
      [0, 'exhausted'],
    ] as const)('with a limit of %p are %s', async (limit, state) => {
      const [budget] = await monitor(limit).budgets();
      expect(budget).toEqual({
        scope: 'day',
        unit: 'usd',
        period: 'day',
        hard: true,
        state,
        spent: 8_000,
        reserved: 0,
        resetsAtMs: start + dayMs,
        ...(limit === undefined ? {} : { limit }),
      });
    });

    it('fit an amount to the last nano-dollar, holds counted', async () => {
      const subject = { caller: 'a', model: 'm', provider: 'p', tags: {} };
      const use = (cost: number) => ({ cost, tokens: 1, calls: 1 });
      const { signal } = new AbortController();
      const hold = { id: 'h', subject, use: use(1_000), atMs: clock.nowMs(), leaseMs: 1, signal };
      await budgetsOf(10_000).keeper.hold(hold);
      expect(await monitor(10_000).fits(subject, use(1_000))).toBe(true);
      expect(await monitor(10_000).fits(subject, use(1_001))).toBe(false);
      expect(await monitor().fits(subject, use(9e15))).toBe(true);
    });
  });

  describe('cache hits', () => {
    const served = {
      model: modelId('amazon.nova-lite-v1:0'),
      region: region('eu-west-1'),
      profile: profileId('eu.amazon.nova-lite-v1:0'),
    };
    const response: ModelResponse = {
      content: [],
      stopReason: 'end_turn',
      usage: { ...noUsage, inputTokens: 5, totalTokens: 5 },
      served,
      source: 'cache',
      notices: [],
    };
    const hit: CallEvent = { type: 'cache-hit', tier: 'memory', saved: 123 };
    const succeeded: CallEvent = { type: 'call-succeeded', response, latencyMs: 2 };
    const failed: CallEvent = { type: 'call-failed', failure: { category: 'timeout', message: 'm' }, latencyMs: 2 };
    const origin = (requestId: string) => ({ requestId, caller: 'carol', atMs: clock.nowMs() });
    const ofCarol = async () => {
      await clock.advance(250);
      const groups = await ledger.spend({ fromMs: 0, toMs: 9e12, groupBy: 'caller' });
      return groups.find(({ key }) => key === 'carol');
    };

    it('are booked once, free, with what they saved', async () => {
      const subject = monitor();
      for (const event of [hit, succeeded, succeeded]) subject.onCallEvent(event, origin('x'));
      expect(await ofCarol()).toMatchObject({ key: 'carol', calls: 1, cost: 0, saved: 123, usage: noUsage });
    });

    it('are booked many at a time, in a report and at the end at once', async () => {
      const settle = jest.spyOn(ledger, 'settle');
      const subject = monitor();
      const hits = (from: number, to: number) => {
        for (let index = from; index < to; index += 1) {
          for (const event of [hit, succeeded]) subject.onCallEvent(event, origin(`r-${index}`));
        }
      };
      hits(0, 50);
      const settleHits = subject.close;
      const report = createCostReporter({ ledger, clock, budgets: subject.budgets, settle: settleHits });
      const { groups } = await report({ fromMs: 0, toMs: 9e12, groupBy: 'caller' });
      expect(groups).toContainEqual(expect.objectContaining({ key: 'carol', calls: 50, saved: 50 * 123 }));
      expect(settle).toHaveBeenCalledTimes(1);
      hits(50, 60);
      await subject.close();
      expect(settle).toHaveBeenCalledTimes(2);
      expect(await ofCarol()).toMatchObject({ calls: 60 });
    });

    it.each([
      ['a call that failed', [hit, failed, succeeded]],
      ['a call without a hit', [{ type: 'cache-missed' }, succeeded]],
    ] as [string, CallEvent[]][])('are not booked for %s', async (_, events) => {
      const subject = monitor();
      for (const event of events) subject.onCallEvent(event, origin('x'));
      expect(await ofCarol()).toBeUndefined();
    });

    it('are remembered for a bounded number of calls', async () => {
      const subject = monitor();
      for (let index = 0; index <= 10_000; index += 1) subject.onCallEvent(hit, origin(`r-${index}`));
      subject.onCallEvent(succeeded, origin('r-0'));
      expect(await ofCarol()).toBeUndefined();
      subject.onCallEvent(succeeded, origin('r-1'));
      expect(await ofCarol()).toMatchObject({ calls: 1 });
    });
  });
});

describe('money', () => {
  it.each([
    [0, '$0.00'],
    [1, '$0.000000001'],
    [123_000, '$0.000123'],
    [9_999_999, '$0.009999999'],
    [1_500_000_000, '$1.50'],
  ])('%d nano-dollars are %s', (amount, text) => {
    expect(formatUsd(amount)).toBe(text);
  });

  it.each([
    [0.29, 290_000_000],
    [10_000, 10_000_000_000_000],
    [1e-9, 1],
  ])('%d USD are %d nano-dollars', (usd, amount) => {
    expect(nanoFromUsd(usd)).toBe(amount);
  });
});
