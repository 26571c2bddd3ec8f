import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/core/clock.js';
import type { Ledger } from '../../src/core/ports.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';
import { ledgerRow } from './ledger-row.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What every ledger promises. `open` gives a new, empty one. */
export function ledgerContract(name: string, open: (clock: Clock) => Promise<Ledger>): void {
  describe(`${name} as a ledger`, () => {
    let clock: FakeClock;
    let ledger: Ledger;
    const window = (limit?: number) => {
      const fromMs = Date.UTC(2026, 10, 23);
      return { fromMs, toMs: fromMs + dayMs, ...(limit === undefined ? {} : { limit }) };
    };
    const hold = (id: string, amount: number, livesMs = 60_000) => ({
      id,
      amount,
      expiresAtMs: clock.nowMs() + livesMs,
    });
    const allTime = { fromMs: 0, toMs: Date.UTC(2100, 0) };

    beforeEach(async () => {
      clock = fakeClock();
      ledger = await open(clock);
    });
    afterEach(() => ledger.close());

    it('admits holds up to the limit to the last nano-dollar and tells what is taken', async () => {
      await ledger.settle('none', [ledgerRow({ cost: { nanoUsd: 400, estimated: false } })]);
      expect(await ledger.reserve(hold('a', 500), window(1_000))).toEqual({ admitted: true });
      expect(await ledger.reserve(hold('b', 101), window(1_000))).toEqual({
        admitted: false,
        spent: 400,
        reserved: 500,
      });
      expect(await ledger.reserve(hold('c', 100), window(1_000))).toEqual({ admitted: true });
      expect(await ledger.budgetState(window())).toEqual({ spent: 400, reserved: 600 });
    });

    it('admits exactly what fits when 100 callers ask at once', async () => {
      const asked = Array.from({ length: 100 }, (_, index) =>
        ledger.reserve(hold(`hold-${index}`, 100), window(1_000)),
      );
      const outcomes = await Promise.all(asked);
      expect(outcomes.filter(({ admitted }) => admitted)).toHaveLength(10);
    });

    it('admits everything without a limit, and counts it', async () => {
      expect(await ledger.reserve(hold('a', 9e12), window())).toEqual({ admitted: true });
      expect((await ledger.budgetState(window())).reserved).toBe(9e12);
    });

    it('reserves once for the same hold', async () => {
      await ledger.reserve(hold('a', 600), window(1_000));
      expect(await ledger.reserve(hold('a', 600), window(1_000))).toEqual({ admitted: true });
      expect((await ledger.budgetState(window())).reserved).toBe(600);
    });

    it('lets a hold go by itself once its holder is gone', async () => {
      await ledger.reserve(hold('a', 1_000, 5_000), window(1_000));
      await clock.advance(4_999);
      expect(await ledger.reserve(hold('b', 1), window(1_000))).toMatchObject({ admitted: false });
      await clock.advance(1);
      expect((await ledger.budgetState(window())).reserved).toBe(0);
      expect(await ledger.reserve(hold('b', 1), window(1_000))).toEqual({ admitted: true });
    });

    it('books rows and lets the hold go together, and twice counts once', async () => {
      await ledger.reserve(hold('a', 5_000), window(10_000));
      const rows = [ledgerRow(), ledgerRow({ attemptId: 'call-1/2', cost: { nanoUsd: 2_000, estimated: true } })];
      await ledger.settle('a', rows);
      await ledger.settle('a', rows);
      expect(await ledger.budgetState(window())).toEqual({ spent: 3_000, reserved: 0 });
      expect(await ledger.spend(allTime)).toMatchObject([{ key: '', calls: 1, cost: 3_000 }]);
    });

    it('releases a hold without rows, and books rows without a hold', async () => {
      await ledger.reserve(hold('a', 5_000), window(10_000));
      await ledger.settle('a', []);
      expect(await ledger.budgetState(window())).toEqual({ spent: 0, reserved: 0 });
      await ledger.settle('unknown', [ledgerRow()]);
      expect((await ledger.budgetState(window())).spent).toBe(1_000);
    });

    it('counts a row in the window it falls into, whatever the ends of the window are', async () => {
      const start = Date.UTC(2026, 10, 23);
      const offsets = [0, 1, hourMs - 1, hourMs, 5 * hourMs + 17, 9 * hourMs, dayMs - 1, dayMs];
      const rows = offsets.map((offset, index) =>
        ledgerRow({ attemptId: `a-${index}`, atMs: start + offset, cost: { nanoUsd: 2 ** index, estimated: false } }),
      );
      await ledger.settle('none', rows);
      const ends = [
        0,
        1,
        2,
        hourMs - 1,
        hourMs,
        hourMs + 1,
        5 * hourMs + 18,
        9 * hourMs,
        9 * hourMs + 1,
        dayMs,
        dayMs + 1,
      ];
      for (const from of ends) {
        for (const to of ends) {
          const expected = rows
            .filter(({ atMs }) => atMs >= start + from && atMs < start + to)
            .reduce((sum, { cost }) => sum + cost.nanoUsd, 0);
          const { spent } = await ledger.budgetState({ fromMs: start + from, toMs: start + to });
          expect({ from, to, spent }).toEqual({ from, to, spent: expected });
        }
      }
    });

    it('sums tokens, savings and estimates', async () => {
      const usage = {
        inputTokens: 1,
        outputTokens: 2,
        cacheReadTokens: 3,
        cacheWriteTokens: 4,
        cacheWrite1hTokens: 1,
        totalTokens: 10,
        estimated: false,
      };
      await ledger.settle('none', [
        ledgerRow({ attemptId: 'a', usage, saved: 5 }),
        ledgerRow({ attemptId: 'b', requestId: 'call-2', usage: { ...usage, estimated: true }, saved: 6 }),
      ]);
      const twice = {
        inputTokens: 2,
        outputTokens: 4,
        cacheReadTokens: 6,
        cacheWriteTokens: 8,
        cacheWrite1hTokens: 2,
        totalTokens: 20,
        estimated: true,
      };
      expect(await ledger.spend(allTime)).toEqual([{ key: '', calls: 2, cost: 2_000, saved: 11, usage: twice }]);
      expect(await ledger.spend({ fromMs: 0, toMs: 1 })).toEqual([]);
    });

    describe('groups', () => {
      const at = (hour: number) => Date.UTC(2026, 10, 23, hour, 59, 59, 999);
      beforeEach(async () => {
        const { task: _, ...untasked } = ledgerRow({ attemptId: 'c', requestId: 'c', atMs: at(26) });
        await ledger.settle('none', [
          ledgerRow({ attemptId: 'a', requestId: 'a', atMs: at(1), tags: { team: 'x', env: 'dev' } }),
          ledgerRow({
            attemptId: 'b',
            requestId: 'b',
            atMs: at(2),
            caller: 'bob',
            task: 'general',
            model: 'anthropic.claude-opus-5',
            provider: 'anthropic',
            region: 'eu-west-1',
            cost: { nanoUsd: 9_000, estimated: false },
            tags: { team: "y'; DROP TABLE holds; --" },
          }),
          untasked,
        ]);
      });
      const cases = [
        ['model', { 'anthropic.claude-opus-5': 9_000, 'amazon.nova-lite-v1:0': 2_000 }],
        ['provider', { anthropic: 9_000, amazon: 2_000 }],
        ['caller', { bob: 9_000, alice: 2_000 }],
        ['task', { general: 9_000, '': 1_000, code: 1_000 }],
        ['region', { 'eu-west-1': 9_000, 'us-east-1': 2_000 }],
        ['tag', { "team=y'; DROP TABLE holds; --": 9_000, '': 1_000, 'env=dev': 1_000, 'team=x': 1_000 }],
        ['hour', { '2026-11-23T01:00:00Z': 1_000, '2026-11-23T02:00:00Z': 9_000, '2026-11-24T02:00:00Z': 1_000 }],
        ['day', { '2026-11-23': 10_000, '2026-11-24': 1_000 }],
      ] as const;
      it.each(cases)('by %s', async (groupBy, expected) => {
        const groups = await ledger.spend({ ...allTime, groupBy });
        expect(groups.map(({ key, cost }) => [key, cost])).toEqual(Object.entries(expected));
      });
    });

    it('keeps 5,000 different tags, models and callers apart', async () => {
      const rows = Array.from({ length: 5_000 }, (_, index) =>
        ledgerRow({ attemptId: `a-${index}`, caller: `c-${index}`, model: `m-${index}`, tags: { job: `${index}` } }),
      );
      await ledger.settle('none', rows);
      for (const groupBy of ['caller', 'model', 'tag'] as const) {
        expect(await ledger.spend({ ...allTime, groupBy })).toHaveLength(5_000);
      }
    });
  });
}
