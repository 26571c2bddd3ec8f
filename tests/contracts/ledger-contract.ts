import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/core/clock.js';
import type { CostGrouping, Ledger } from '../../src/core/ledger.js';
import { noUsage } from '../../src/core/response.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';
import { intent, ledgerRow } from './ledger-row.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** What every ledger promises. `open` gives a new, empty one. */
export function ledgerContract(name: string, open: (clock: Clock) => Promise<Ledger>): void {
  describe(`${name} as a ledger`, () => {
    let clock: FakeClock;
    let ledger: Ledger;
    const spent = async (fromMs = 0, toMs = allTime.toMs) => (await ledger.spend({ fromMs, toMs }))[0]?.cost ?? 0;
    const openAttempts = async () => (await ledger.use(allTime)).open;
    const allTime = { fromMs: 0, toMs: Date.UTC(2100, 0) };

    beforeEach(async () => {
      clock = fakeClock();
      ledger = await open(clock);
    });
    afterEach(() => ledger.close());

    it('knows an attempt as open, at the most it may use, from its intent to its end', async () => {
      await ledger.begin(intent());
      await ledger.begin(intent());
      const { expiresAtMs } = intent();
      expect(await openAttempts()).toEqual([
        { id: 'call-1/1', use: { cost: 5_000, tokens: 600, calls: 1 }, expiresAtMs },
      ]);
      expect(await spent()).toBe(0);
      await ledger.settle('call-1/1', [ledgerRow()]);
      expect(await ledger.use(allTime)).toEqual({ spent: { cost: 1_000, tokens: 110, calls: 1 }, young: [], open: [] });
    });

    it('ends an attempt that used nothing without a row', async () => {
      await ledger.begin(intent());
      await ledger.settle('call-1/1', []);
      expect(await ledger.use(allTime)).toEqual({ spent: { cost: 0, tokens: 0, calls: 0 }, young: [], open: [] });
    });

    it('counts an attempt once, however often it is booked', async () => {
      const rows = [
        ledgerRow(),
        ledgerRow({ attemptId: 'call-1/2', firstOfCall: false, cost: { nanoUsd: 2_000, estimated: true } }),
      ];
      await ledger.settle('call-1/1', rows);
      await ledger.settle('call-1/1', rows);
      expect(await ledger.spend(allTime)).toMatchObject([{ key: '', calls: 1, cost: 3_000 }]);
    });

    it('adds up what one caller spent, by whatever it is grouped', async () => {
      const mine = { caller: 'bob', model: 'm', tags: { team: 'x' }, cost: { nanoUsd: 7, estimated: false } };
      await ledger.settle('a', [ledgerRow({ attemptId: 'a', ...mine }), ledgerRow({ attemptId: 'b' })]);
      const groupsOf = async (groupBy?: CostGrouping) => {
        const groups = await ledger.spend({ ...allTime, caller: 'bob', ...(groupBy && { groupBy }) });
        return groups.map(({ key, calls, cost }) => ({ key, calls, cost }));
      };
      expect(await groupsOf()).toEqual([{ key: '', calls: 1, cost: 7 }]);
      for (const [groupBy, key] of [
        ['caller', 'bob'],
        ['model', 'm'],
        ['tag', 'team=x'],
        ['hour', '2026-11-23T00:00:00Z'],
        ['day', '2026-11-23'],
      ] as const) {
        expect(await groupsOf(groupBy)).toEqual([{ key, calls: 1, cost: 7 }]);
      }
    });

    it('tells what was used by one caller, session, model, provider or tag, and what is under way', async () => {
      const theirs = { caller: 'bob', session: 's', model: 'm', provider: 'p', tags: { team: 'x' } };
      await ledger.settle('a', [
        ledgerRow({ attemptId: 'a', ...theirs }),
        ledgerRow({ attemptId: 'b' }),
        ledgerRow({
          attemptId: 'c',
          ...theirs,
          source: 'cache',
          usage: noUsage,
          cost: { nanoUsd: 0, estimated: false },
        }),
      ]);
      await ledger.begin(intent({ attemptId: 'd', ...theirs }));
      await ledger.begin(intent({ attemptId: 'e' }));
      const filters = [
        { callers: ['bob', 'carol'] },
        { session: 's' },
        { model: 'm' },
        { provider: 'p' },
        { tag: { name: 'team', value: 'x' } },
        { callers: ['bob'], tag: { name: 'team', value: 'x' }, session: 's' },
      ];
      for (const filter of filters) {
        const { spent: used, young, open: running } = await ledger.use({ ...allTime, ...filter, youngFromMs: 0 });
        expect({ filter, used, young }).toEqual({ filter, used: { cost: 1_000, tokens: 110, calls: 1 }, young: ['a'] });
        expect(running.map(({ id }) => id)).toEqual(['d']);
      }
      expect((await ledger.use({ ...allTime, callers: [] })).spent.calls).toBe(0);
      expect((await ledger.use({ ...allTime, youngFromMs: clock.nowMs() + 1 })).young).toEqual([]);
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
          const found = await spent(start + from, start + to);
          expect({ from, to, found }).toEqual({ from, to, found: expected });
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
        ledgerRow({ attemptId: 'a', usage, saved: 5, promptCacheSaved: -2, routingSaved: 7 }),
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
      const sums = { calls: 2, cost: 2_000, saved: 11, promptCacheSaved: -2, routingSaved: 7, usage: twice };
      expect(await ledger.spend(allTime)).toEqual([{ key: '', ...sums }]);
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
            session: 's',
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
        ['session', { s: 9_000, '': 2_000 }],
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
    }, 120_000);
  });
}
