import type { BudgetUse } from '../../core/budget.js';
import { amountIn } from '../../core/budget.js';
import type { LedgerUse, SpendTruth, UseFilter } from '../../core/ledger.js';
import type { Seed } from './budget-store.js';
import type { Counter } from './counters.js';

/**
 * A booking reaches its counter within this time after its row is in the ledger, or it is not sent any more and the counter
 * is built anew.
 */
export const bookingDelayMs = 60_000;
/** Rows so young are named when a counter is seeded, because their bookings may still be on their way. */
const youngRowsMs = 2 * bookingDelayMs;

/** What the ledger has of a counter, and is writing. */
export async function seedOf(truth: SpendTruth, counter: Counter, nowMs: number): Promise<Seed> {
  const use = await truth.use({ ...filterOf(counter), youngFromMs: nowMs - youngRowsMs });
  const { unit } = counter.budget;
  return {
    counter: counter.key,
    endsAtMs: counter.window.toMs,
    spent: amountIn(unit, use.spent),
    booked: use.young,
    open: openLines(use, counter, nowMs),
  };
}

function openLines({ open }: LedgerUse, { budget }: Counter, nowMs: number): Seed['open'] {
  return open
    .filter(({ expiresAtMs }) => expiresAtMs > nowMs)
    .map(({ id, use, expiresAtMs }) => ({ id, amount: amountIn(budget.unit, use), leaseMs: expiresAtMs - nowMs }));
}

export async function spentOf(truth: SpendTruth, counter: Counter): Promise<number> {
  const { spent }: { spent: BudgetUse } = await truth.use(filterOf(counter));
  return amountIn(counter.budget.unit, spent);
}

function filterOf({ budget: { scope }, value, window }: Counter): UseFilter {
  const period = { fromMs: window.fromMs, toMs: window.toMs };
  switch (scope.kind) {
    case 'server':
      return period;
    case 'group':
      return { ...period, callers: scope.callers };
    case 'caller':
      return { ...period, callers: [scope.value ?? value] };
    case 'tag':
      return { ...period, tag: { name: scope.name, value: scope.value ?? value } };
    default:
      return { ...period, [scope.kind]: scope.value ?? value };
  }
}
