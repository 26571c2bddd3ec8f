import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { costGroupings, type LedgerRow } from '../../../src/core/ledger.js';
import { noUsage } from '../../../src/core/response.js';
import { intent, ledgerRow } from '../../contracts/ledger-row.js';
import { fakeClock } from '../../support/fake-clock.js';
import { memoryLedger } from '../../support/memory-ledger.js';

/* The totals that are kept by hour and day are the sums of the rows, whatever was folded when. */

const hourMs = 3_600_000;
const start = Date.UTC(2026, 10, 23);

const name = fc.constantFrom('a', 'b', "c'; --");
const row = fc.record({
  atMs: fc.integer({ min: start, max: start + 75 * hourMs }),
  caller: name,
  model: name,
  provider: name,
  region: name,
  session: fc.option(name, { nil: undefined }),
  task: fc.option(name, { nil: undefined }),
  source: fc.constantFrom('bedrock', 'cache'),
  tokens: fc.nat(1_000),
  cost: fc.nat(1e12),
  tags: fc.dictionary(name, name, { maxKeys: 3 }),
  firstOfCall: fc.boolean(),
  estimated: fc.boolean(),
});
type Row = typeof row extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(fc.oneof(row, fc.constant('fold' as const), fc.constant('die' as const)), { maxLength: 30 });

function rowOf({ session, task, tokens, cost, estimated, ...rest }: Row, attemptId: string): LedgerRow {
  const { task: _, ...base } = ledgerRow({ attemptId, requestId: attemptId });
  return {
    ...base,
    ...rest,
    ...(session !== undefined && { session }),
    ...(task !== undefined && { task }),
    usage: { ...noUsage, inputTokens: tokens, totalTokens: tokens, estimated },
    cost: { nanoUsd: cost, estimated },
  };
}

const keysOf = (of: LedgerRow, groupBy: (typeof costGroupings)[number]): readonly string[] => {
  if (groupBy === 'hour') return [`${new Date(of.atMs - (of.atMs % hourMs)).toISOString().slice(0, 19)}Z`];
  if (groupBy === 'day') return [new Date(of.atMs).toISOString().slice(0, 10)];
  if (groupBy !== 'tag') return [of[groupBy] ?? ''];
  const tags = Object.entries(of.tags).map(([tag, value]) => `${tag}=${value}`);
  return tags.length > 0 ? tags : [''];
};

it('the totals equal the rows', async () => {
  const span = fc.tuple(fc.integer({ min: -1, max: 76 * hourMs }), fc.integer({ min: -1, max: 76 * hourMs }));
  await fc.assert(
    fc.asyncProperty(steps, span, async (given, ends) => {
      const clock = fakeClock();
      const ledger = memoryLedger(clock);
      const rows: LedgerRow[] = [];
      for (const [index, step] of given.entries()) {
        if (step === 'fold') {
          await ledger.fold();
        } else if (step === 'die') {
          // An estimate that is part of the totals gives way to the truth.
          const truth = ledgerRow({ attemptId: `${index}`, requestId: `${index}` });
          await ledger.begin(intent({ attemptId: `${index}`, requestId: `${index}` }), 'dead');
          await ledger.recover();
          if (index % 2 === 0) await ledger.fold();
          await ledger.settle(truth.attemptId, [truth]);
          rows.push(truth);
        } else {
          rows.push(rowOf(step, `${index}`));
          await ledger.settle(`${index}`, rows.slice(-1));
        }
      }
      const [from, to] = [start + Math.min(...ends), start + Math.max(...ends)];
      const inSpan = rows.filter(({ atMs }) => atMs >= from && atMs < to);
      for (const groupBy of costGroupings) {
        const expected = new Map<string, readonly [calls: number, cost: number, tokens: number]>();
        for (const of of inSpan) {
          for (const key of keysOf(of, groupBy)) {
            const [calls, cost, tokens] = expected.get(key) ?? [0, 0, 0];
            const { firstOfCall, usage } = of;
            expected.set(key, [calls + Number(firstOfCall), cost + of.cost.nanoUsd, tokens + usage.totalTokens]);
          }
        }
        const groups = await ledger.spend({ fromMs: from, toMs: to, groupBy });
        const found = new Map(groups.map(({ key, calls, cost, usage }) => [key, [calls, cost, usage.totalTokens]]));
        expect({ groupBy, found }).toEqual({ groupBy, found: expected });
      }
      await ledger.close();
    }),
    { numRuns: 25 },
  );
}, 180_000);
