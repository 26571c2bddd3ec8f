import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BudgetDefinition, BudgetSubject, BudgetUse } from '../../../src/core/budget.js';
import type { ServerEvent } from '../../../src/core/events.js';
import { modelId } from '../../../src/core/target.js';
import type { BudgetStore } from '../../../src/cost/budgets/budget-store.js';
import { startUpkeep } from '../../../src/cost/budgets/upkeep.js';
import type { SqlLedger } from '../../../src/cost/ledgers/sql-ledger.js';
import { intent, ledgerRow } from '../../contracts/ledger-row.js';
import { type FakeClock, fakeClock } from '../../support/fake-clock.js';
import { memoryLedger } from '../../support/memory-ledger.js';
import { until } from '../../support/until.js';
import { budget, memoryStore, type OpenedBudgets, openBudgets, silentLogger } from '../budget-setup.js';

/* What the keeper does for holds and counters while no call asks for anything. */

const subject: BudgetSubject = {
  caller: 'alice',
  model: modelId('amazon.nova-lite-v1:0'),
  provider: 'amazon',
  tags: {},
};
const use: BudgetUse = { cost: 5_000, tokens: 600, calls: 1 };
const leaseMs = 60_000;
const limit = 10_000;

describe('the budget keeper', () => {
  let clock: FakeClock;
  let ledger: SqlLedger;
  let counters: BudgetStore;
  let events: ServerEvent[];
  /** What a store that lost everything is now. */
  let epoch: string;

  beforeEach(async () => {
    clock = fakeClock();
    ledger = memoryLedger(clock);
    counters = await memoryStore(clock);
    events = [];
    epoch = 'first';
  });

  const away = (): Promise<never> => Promise.reject(new Error('away'));
  /** Another store under the same keeper: what Redis is after it was emptied. */
  const shiftingStore = (): BudgetStore => ({
    hold: (...args) => counters.hold(...args),
    renew: (...args) => counters.renew(...args),
    settle: (...args) => counters.settle(...args),
    seed: (...args) => counters.seed(...args),
    unseed: (...args) => counters.unseed(...args),
    states: (...args) => counters.states(...args),
    epoch: () => Promise.resolve(epoch),
  });
  const opened = (overrides: Partial<BudgetDefinition> = {}): OpenedBudgets =>
    openBudgets({
      clock,
      truth: ledger,
      definitions: [budget({ limit, ...overrides })],
      store: shiftingStore(),
      onServerEvent: (event) => events.push(event),
    });
  const hold = ({ keeper }: OpenedBudgets, id: string, overrides: Partial<BudgetUse> = {}) =>
    keeper.hold({
      id,
      subject,
      use: { ...use, ...overrides },
      atMs: clock.nowMs(),
      leaseMs,
      signal: new AbortController().signal,
    });
  const dayOf = async ({ list }: OpenedBudgets) => {
    const [day] = await list.all();
    return { spent: day?.spent, reserved: day?.reserved };
  };
  const lose = async () => {
    counters = await memoryStore(clock);
    epoch += '+';
  };
  const goAway = () => {
    counters = { ...counters, hold: away, renew: away, settle: away, seed: away, states: away };
  };

  it('keeps the hold of an attempt that outlasts its lease, and lets that of a dead process go', async () => {
    const living = opened();
    const dead = opened();
    const upkeep = startUpkeep({ keeper: living.keeper, clock, logger: silentLogger, onServerEvent: () => undefined });
    await hold(living, 'long');
    await hold(dead, 'orphan');
    for (let waited = 0; waited < 5 * leaseMs; waited += 10_000) {
      const rounds = clock.sleeps.length;
      await clock.advance(10_000);
      await until(() => clock.sleeps.length > rounds);
    }
    expect(await dayOf(living)).toEqual({ spent: 0, reserved: 5_000 });
    await living.keeper.release('long');
    expect(await dayOf(living)).toEqual({ spent: 0, reserved: 0 });
    await upkeep.stop();
  });

  it('puts its holds into a store that was emptied before anything else is admitted', async () => {
    const budgets = opened();
    // The intent is not in the ledger yet: only the server itself knows of it.
    await hold(budgets, 'one');
    await lose();
    await expect(hold(budgets, 'two', { cost: 5_001 })).rejects.toMatchObject({ category: 'budget_exceeded' });
    expect(await dayOf(budgets)).toEqual({ spent: 0, reserved: 5_000 });
    expect(events).toContainEqual({ type: 'budget-rebuilt', budget: 'day', unit: 'usd' });
  });

  it('puts its holds back where another server has made the counter known since it was emptied', async () => {
    const [first, second] = [opened(), opened()];
    await hold(first, 'one');
    await first.keeper.maintain();
    await lose();
    // It shares the ledger, where the intent of the other is not yet.
    expect(await dayOf(second)).toEqual({ spent: 0, reserved: 0 });
    await first.keeper.maintain();
    expect(await dayOf(second)).toEqual({ spent: 0, reserved: 5_000 });
  });

  it('counts an attempt once that both the ledger and the server know as open', async () => {
    const budgets = opened();
    await hold(budgets, 'call-1/1');
    await ledger.begin(intent({ atMs: clock.nowMs(), expiresAtMs: clock.nowMs() + leaseMs }));
    await lose();
    expect(await dayOf(budgets)).toEqual({ spent: 0, reserved: 5_000 });
    await ledger.settle('call-1/1', [ledgerRow({ atMs: clock.nowMs() })]);
    await budgets.keeper.settle('call-1/1', subject, { cost: 1_000, tokens: 110, calls: 1 }, clock.nowMs());
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 0 });
  });

  it('does not take an attempt for open whose booking is in the ledger already', async () => {
    const budgets = opened();
    await hold(budgets, 'call-1/1');
    await ledger.settle('call-1/1', [ledgerRow({ atMs: clock.nowMs() })]);
    await lose();
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 0 });
    await budgets.keeper.settle('call-1/1', subject, { cost: 1_000, tokens: 110, calls: 1 }, clock.nowMs());
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 0 });
  });

  it('counts anew what differs from the ledger at two looks, and tells it', async () => {
    const budgets = opened();
    const onServerEvent = (event: ServerEvent) => events.push(event);
    const upkeep = startUpkeep({ keeper: budgets.keeper, clock, logger: silentLogger, onServerEvent });
    await ledger.settle('call-1/1', [ledgerRow({ atMs: clock.nowMs() })]);
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 0 });
    // A booking without a row: what a counter must not have.
    await budgets.keeper.settle('forged', subject, { cost: 3_000, tokens: 1, calls: 1 }, clock.nowMs());
    await upkeep.reconcile();
    expect(await dayOf(budgets)).toEqual({ spent: 4_000, reserved: 0 });
    await upkeep.reconcile();
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 0 });
    await upkeep.reconcile();
    await upkeep.stop();
    const told = events.flatMap((event): (number | string)[] => {
      if (event.type === 'budget-compared') return [event.drift];
      return event.type === 'budget-rebuilt' ? ['rebuilt'] : [];
    });
    expect(told).toEqual([3_000, 3_000, 'rebuilt', 0]);
  });

  it('sends what waited with the first hold that the store takes again', async () => {
    const budgets = opened({ onStoreLoss: 'open' });
    const there = counters;
    await hold(budgets, 'one');
    goAway();
    await ledger.settle('one', [ledgerRow({ attemptId: 'one', atMs: clock.nowMs() })]);
    await budgets.keeper.settle('one', subject, { cost: 1_000, tokens: 110, calls: 1 }, clock.nowMs());
    expect(budgets.keeper.pending()).toBe(1);
    counters = there;
    await hold(budgets, 'two');
    await new Promise((resolve) => setImmediate(resolve));
    expect(budgets.keeper.pending()).toBe(0);
    expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 5_000 });
  });

  describe('while the store is away', () => {
    const sliced = { onStoreLoss: 'slice', slicePercent: 50 } as const;

    it('goes on within the slice, and the limit holds when it is back', async () => {
      const budgets = opened(sliced);
      const there = counters;
      await hold(budgets, 'before', { cost: 1_000 });
      await budgets.keeper.release('before');
      await budgets.keeper.maintain();
      expect(await dayOf(budgets)).toEqual({ spent: 0, reserved: 5_000 });
      goAway();
      const notice = 'Budget day: taken from the part set aside for this server.';
      expect(await hold(budgets, 'one', { cost: 3_000 })).toEqual([notice]);
      await expect(hold(budgets, 'two', { cost: 2_001 })).rejects.toMatchObject({ reason: 'budget_unchecked' });
      // What was not used may be used by others.
      await budgets.keeper.settle('one', subject, { cost: 1_000, tokens: 1, calls: 1 }, clock.nowMs());
      expect(await hold(budgets, 'three', { cost: 4_000 })).toEqual([notice]);
      counters = there;
      await ledger.settle('one', [ledgerRow({ attemptId: 'one', atMs: clock.nowMs() })]);
      await budgets.keeper.maintain();
      expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 4_000 });
      await budgets.keeper.maintain();
      // The old slice has gone, and a new one stands.
      expect(await dayOf(budgets)).toEqual({ spent: 1_000, reserved: 9_000 });
      await expect(hold(budgets, 'four', { cost: 1 })).rejects.toMatchObject({ reason: 'budget_used_up' });
    });

    it('uses a slice no longer than the store keeps it', async () => {
      const budgets = opened(sliced);
      await hold(budgets, 'before', { cost: 1 });
      await budgets.keeper.maintain();
      goAway();
      await clock.advance(540_000);
      await expect(hold(budgets, 'late', { cost: 1 })).rejects.toMatchObject({ reason: 'budget_unchecked' });
    });

    it('draws its slice again from a store that was emptied', async () => {
      const budgets = opened(sliced);
      await hold(budgets, 'before', { cost: 1 });
      await budgets.keeper.release('before');
      await budgets.keeper.maintain();
      await lose();
      await budgets.keeper.maintain();
      expect(await dayOf(budgets)).toEqual({ spent: 0, reserved: 5_000 });
    });

    it('tells once that it is away and once that it is back', async () => {
      const budgets = opened({ onStoreLoss: 'open' });
      const there = counters;
      goAway();
      await hold(budgets, 'one', { cost: 1 });
      await hold(budgets, 'two', { cost: 1 });
      expect(budgets.keeper.reach.isLost()).toBe(true);
      counters = there;
      await hold(budgets, 'three', { cost: 1 });
      expect(budgets.keeper.reach.isLost()).toBe(false);
      expect(events.flatMap(({ type }) => (type.startsWith('store-') ? [type] : []))).toEqual([
        'store-degraded',
        'store-recovered',
      ]);
    });
  });
});
