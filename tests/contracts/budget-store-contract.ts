import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AlertFlags, BudgetStore, HoldLine } from '../../src/cost/budgets/budget-store.js';

export interface OpenBudgetStore {
  readonly store: BudgetStore & AlertFlags;
  /** Lets so much time pass for leases. */
  pass(ms: number): Promise<void>;
}

const dayMs = 86_400_000;

/** What every budget store promises. `open` gives a new, empty one. */
export function budgetStoreContract(
  name: string,
  open: () => Promise<OpenBudgetStore>,
  close: () => Promise<void> = async () => undefined,
): void {
  describe(`${name} as a budget store`, () => {
    let store: OpenBudgetStore['store'];
    let pass: OpenBudgetStore['pass'];
    const endsAtMs = Date.now() + dayMs;
    const seed = (counter: string, spent = 0) => store.seed({ counter, endsAtMs, spent, booked: [], open: [] });
    const line = (counter: string, amount: number, limit?: number): HoldLine => ({
      counter,
      amount,
      ...(limit !== undefined && { limit }),
    });
    const state = async (counter: string) => (await store.states([counter]))[0];
    const leaseMs = 60_000;

    beforeEach(async () => {
      ({ store, pass } = await open());
      await seed('a');
      await seed('b');
    });
    afterAll(close);

    it('admits holds up to the limit to the last unit and tells what is taken', async () => {
      await seed('c', 400);
      expect(await store.hold('1', leaseMs, [line('c', 500, 1_000)])).toEqual({
        outcome: 'admitted',
        states: [{ spent: 400, reserved: 500, own: 400 }],
      });
      expect(await store.hold('2', leaseMs, [line('c', 101, 1_000)])).toEqual({
        outcome: 'refused',
        refused: [0],
        states: [{ spent: 400, reserved: 500, own: 400 }],
      });
      expect(await store.hold('3', leaseMs, [line('c', 100, 1_000)])).toMatchObject({ outcome: 'admitted' });
    });

    it('reserves all counters or none, and names those that had no room', async () => {
      await store.hold('1', leaseMs, [line('b', 90, 100)]);
      const outcome = await store.hold('2', leaseMs, [line('a', 20, 100), line('b', 20, 100)]);
      expect(outcome).toMatchObject({ outcome: 'refused', refused: [1] });
      expect(await state('a')).toEqual({ spent: 0, reserved: 0, own: 0 });
    });

    it('only counts where there is no limit', async () => {
      expect(await store.hold('1', leaseMs, [line('a', 9e12)])).toMatchObject({ outcome: 'admitted' });
      expect(await state('a')).toEqual({ spent: 0, reserved: 9e12, own: 0 });
    });

    it('holds once for the same id, and not after it was settled', async () => {
      await store.hold('1', leaseMs, [line('a', 60, 100)]);
      expect(await store.hold('1', leaseMs, [line('a', 60, 100)])).toMatchObject({ outcome: 'admitted' });
      expect(await state('a')).toEqual({ spent: 0, reserved: 60, own: 0 });
      await store.settle('1', []);
      expect(await store.hold('1', leaseMs, [line('a', 60, 100)])).toEqual({ outcome: 'settled' });
      expect(await state('a')).toEqual({ spent: 0, reserved: 0, own: 0 });
    });

    it('books the truth once and lets the hold go in every counter that it touched', async () => {
      await store.hold('1', leaseMs, [line('a', 60, 100), line('b', 1, 10)]);
      const booking = [{ counter: 'a', amount: 45 }];
      expect(await store.settle('1', booking)).toEqual({ unseeded: [], states: [{ spent: 45, reserved: 0, own: 45 }] });
      await store.settle('1', booking);
      expect(await store.states(['a', 'b'])).toEqual([
        { spent: 45, reserved: 0, own: 45 },
        { spent: 0, reserved: 0, own: 0 },
      ]);
    });

    it('books what comes after its lease, and what was never held', async () => {
      await store.hold('1', 1_000, [line('a', 60, 100)]);
      await pass(1_100);
      expect(await store.hold('2', leaseMs, [line('a', 100, 100)])).toMatchObject({ outcome: 'admitted' });
      await store.settle('1', [{ counter: 'a', amount: 60 }]);
      await store.settle('3', [{ counter: 'a', amount: 1 }]);
      expect(await state('a')).toEqual({ spent: 61, reserved: 100, own: 61 });
    });

    it('lets a hold go when its lease ends, and keeps one that is renewed', async () => {
      const lines = [line('a', 60, 100)];
      await store.hold('1', 1_500, lines);
      await pass(900);
      await store.renew('1', 1_500, lines);
      await pass(900);
      expect(await state('a')).toEqual({ spent: 0, reserved: 60, own: 0 });
      await pass(900);
      expect(await state('a')).toEqual({ spent: 0, reserved: 0, own: 0 });
      await store.renew('1', 1_500, lines);
      expect(await state('a')).toEqual({ spent: 0, reserved: 60, own: 0 });
      await store.settle('1', []);
      await store.renew('1', 1_500, lines);
      expect(await state('a')).toEqual({ spent: 0, reserved: 0, own: 0 });
    });

    it('says which counters it does not know, and changes nothing', async () => {
      const lines = [line('a', 1, 10), line('new', 1, 10)];
      expect(await store.hold('1', leaseMs, lines)).toEqual({ outcome: 'unseeded', counters: ['new'] });
      expect(await store.settle('1', lines)).toEqual({ unseeded: ['new'], states: [] });
      expect(await store.states(['a', 'new'])).toEqual([{ spent: 0, reserved: 0, own: 0 }, undefined]);
    });

    it('is seeded once, with what is booked already and what is under way', async () => {
      const planted = {
        counter: 'c',
        endsAtMs,
        spent: 70,
        booked: ['1'],
        open: [{ id: '2', amount: 20, leaseMs }],
      };
      await store.seed(planted);
      await store.seed({ ...planted, spent: 0, open: [] });
      expect(await state('c')).toEqual({ spent: 70, reserved: 20, own: 70 });
      // The booking of 1 was on its way when the ledger had it already; that of 2 was not in the ledger's sum.
      await store.settle('1', [
        { counter: 'c', amount: 70 },
        { counter: 'a', amount: 70 },
      ]);
      await store.settle('2', [{ counter: 'c', amount: 5 }]);
      expect(await store.states(['c', 'a'])).toEqual([
        { spent: 75, reserved: 0, own: 75 },
        { spent: 70, reserved: 0, own: 70 },
      ]);
    });

    it('forgets what was spent only while it is what the caller saw, and keeps the holds', async () => {
      await seed('c', 70);
      await store.hold('1', leaseMs, [line('c', 5)]);
      await store.unseed('c', 69);
      expect(await state('c')).toEqual({ spent: 70, reserved: 5, own: 70 });
      await store.unseed('c', 70);
      expect(await state('c')).toBeUndefined();
      await seed('c', 10);
      expect(await state('c')).toEqual({ spent: 10, reserved: 5, own: 10 });
    });

    it('admits exactly what fits when a hundred ask at once', async () => {
      const asked = Array.from({ length: 100 }, (_, index) => store.hold(`x${index}`, leaseMs, [line('a', 1, 10)]));
      const outcomes = await Promise.all(asked);
      expect(outcomes.filter(({ outcome }) => outcome === 'admitted')).toHaveLength(10);
    });

    it('keeps whole numbers of nano-dollars up to millions of dollars', async () => {
      const large = 4_503_599_627_370_495;
      await store.hold('1', leaseMs, [line('a', large, 2 * large)]);
      await store.settle('1', [{ counter: 'a', amount: large }]);
      await store.settle('2', [{ counter: 'a', amount: large }]);
      expect((await state('a'))?.spent).toBe(2 * large);
      expect(await store.hold('3', leaseMs, [line('a', 1, 2 * large)])).toMatchObject({ outcome: 'refused' });
    });

    it('has the same epoch for as long as it knows what it knew', async () => {
      const epoch = await store.epoch();
      await store.hold('1', leaseMs, [line('a', 1)]);
      expect(await store.epoch()).toBe(epoch);
      expect(epoch).not.toBe('');
    });

    it('raises an alert for one, and lowers it for one', async () => {
      expect(await Promise.all([1, 2, 3].map(() => store.raise('a', '80')))).toEqual([true, false, false]);
      expect(await store.raise('b', '80')).toBe(true);
      expect(await store.raised()).toHaveLength(2);
      expect(await Promise.all([1, 2, 3].map(() => store.lower('a', '80')))).toEqual([true, false, false]);
      expect(await store.raised()).toEqual([{ counter: 'b', alert: '80' }]);
    });
  });
}
