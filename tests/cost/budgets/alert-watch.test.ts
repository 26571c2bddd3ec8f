import { describe, expect, it } from '@jest/globals';
import type { Alert } from '../../../src/core/alerts.js';
import type { BudgetDefinition, BudgetSubject } from '../../../src/core/budget.js';
import { createAlertWatch } from '../../../src/cost/budgets/alert-watch.js';
import { fakeClock } from '../../support/fake-clock.js';
import { memoryLedger } from '../../support/memory-ledger.js';
import { budget, memoryStore, openBudgets } from '../budget-setup.js';

const hourMs = 3_600_000;
const usd = 1e9;
const subject: BudgetSubject = { caller: 'alice', model: 'm', provider: 'p', tags: {} };
const { signal } = new AbortController();

async function setup(...definitions: readonly BudgetDefinition[]) {
  const clock = fakeClock();
  const store = await memoryStore(clock);
  const truth = memoryLedger(clock);
  const process = () => {
    const { keeper } = openBudgets({ clock, truth, definitions, store });
    const told: Alert[] = [];
    const watch = createAlertWatch({
      definitions,
      standings: keeper.standings,
      store: keeper.store,
      flags: store,
      clock,
      onServerEvent: (event) => event.type === 'alert-changed' && told.push(event.alert),
    });
    return { keeper, look: watch.look, told };
  };
  let ids = 0;
  const first = process();
  const spend = (cost: number, more: Partial<BudgetSubject> = {}) => {
    ids += 1;
    return first.keeper.settle(`${ids}`, { ...subject, ...more }, { cost, tokens: 1, calls: 1 }, clock.nowMs());
  };
  /** What each look finds to tell. */
  const look = async ({ look, told } = first) => {
    const before = told.length;
    await look();
    return told.slice(before).map(({ type, status, summary }) => `${status} ${type}: ${summary}`);
  };
  return { clock, process, first, spend, look };
}

describe('alerts of budgets', () => {
  it('tell each mark once when it is crossed, over all processes', async () => {
    const { process, spend, look } = await setup(budget({ limit: 10 * usd, alertAt: [50, 80, 100] }));
    const second = process();
    expect(await look()).toEqual([]);
    await spend(8.5 * usd);
    expect(await look()).toEqual([
      'firing budget.threshold: The budget "day" is 85 % spent: $8.50 of $10.00.',
      'firing budget.threshold: The budget "day" is 85 % spent: $8.50 of $10.00.',
    ]);
    expect(await look()).toEqual([]);
    expect(await look(second)).toEqual([]);
    await spend(2 * usd);
    expect(await look(second)).toEqual(['firing budget.threshold: The budget "day" is 105 % spent: $10.50 of $10.00.']);
    expect(await look()).toEqual([]);
  });

  it('are over when the budget begins anew, whoever notices it, and may come again', async () => {
    const { clock, process, first, spend, look } = await setup(budget({ limit: 10 * usd, alertAt: [80] }));
    await spend(9 * usd);
    await look();
    await clock.advance(24 * hourMs);
    const later = process();
    expect(await look(later)).toEqual(['resolved budget.threshold: The budget "day" has begun anew.']);
    expect(later.told[0]?.key).toBe(first.told[0]?.key);
    await spend(9 * usd);
    expect(await look()).toHaveLength(1);
  });

  it('do not flicker: what was crossed is over only clearly below the mark', async () => {
    const definition = budget({ limit: 10 * usd, alertAt: [80] });
    const { clock, first, spend, look } = await setup(definition);
    await spend(8 * usd);
    expect(await look()).toHaveLength(1);
    // A correction of what was counted too much.
    await spend(-0.3 * usd);
    expect(await look()).toEqual([]);
    await spend(0.3 * usd);
    expect(await look()).toEqual([]);
    await spend(-1 * usd);
    expect(await look()).toEqual(['resolved budget.threshold: The budget "day" is below the mark again.']);
    expect(first.told.at(-1)).toMatchObject({ key: first.told[0]?.key, atMs: clock.nowMs() });
  });

  it('tell an amount that was passed where there is no limit', async () => {
    const { spend, look } = await setup(budget({ alertAbove: 5 * usd }));
    await spend(4 * usd);
    expect(await look()).toEqual([]);
    await spend(2 * usd);
    expect(await look()).toEqual(['firing budget.amount: The budget "day": $6.00 is spent, above $5.00.']);
  });

  it('tell that a budget refuses calls, though its last percents are never spent', async () => {
    const { clock, first, spend, look } = await setup(budget({ limit: 10 * usd, alertAt: [100] }));
    await spend(9 * usd);
    const request = { subject, atMs: clock.nowMs(), leaseMs: 60_000, signal };
    const use = { cost: 0.9 * usd, tokens: 1, calls: 1 };
    await first.keeper.hold({ ...request, id: 'fits', use });
    const refused = first.keeper.hold({ ...request, id: 'waits', use: { ...use, cost: 0.5 * usd } });
    await expect(refused).rejects.toMatchObject({ category: 'budget_exceeded' });
    // Only a call under way stood in the way.
    expect(await look()).toEqual([]);
    const tooMuch = first.keeper.hold({ ...request, id: 'no', use: { ...use, cost: 2 * usd } });
    await expect(tooMuch).rejects.toMatchObject({ category: 'budget_exceeded' });
    expect(await look()).toEqual([
      'firing budget.exceeded: The budget "day" refuses calls that could use more than is left, until 2026-11-24T00:00:00.000Z: $9.00 of $10.00 is spent.',
    ]);
    await clock.advance(24 * hourMs);
    expect(await look()).toEqual(['resolved budget.exceeded: The budget "day" has begun anew.']);
  });

  it('tell an overrun before it happens, from enough of the window only', async () => {
    const { clock, spend, look } = await setup(budget({ limit: 10 * usd, alertAt: [100] }));
    await spend(3 * usd);
    await clock.advance(2 * hourMs);
    expect(await look()).toEqual([]);
    await clock.advance(hourMs);
    expect(await look()).toEqual([
      'firing budget.forecast: The budget "day" will be overrun at this rate: $24.00 of $10.00 by its end.',
    ]);
    await clock.advance(4 * hourMs);
    // $10.29: not clearly below.
    expect(await look()).toEqual([]);
    await clock.advance(2 * hourMs);
    expect(await look()).toEqual(['resolved budget.forecast: The budget "day" is below the mark again.']);
  });

  it('tell whose budget it is, where everybody has one, in its unit', async () => {
    const each = budget({
      name: 'each',
      scope: { kind: 'caller' },
      unit: 'calls',
      limit: 2,
      hard: false,
      alertAt: [100],
    });
    const { first, spend, look } = await setup(each);
    for (let count = 0; count < 2; count += 1) await spend(1, { caller: 'bob' });
    await spend(1, { caller: 'alice' });
    expect(await look()).toEqual([
      'firing budget.threshold: The budget "each/bob" is 100 % spent: 2 calls of 2 calls.',
    ]);
    expect(first.told[0]).toMatchObject({
      severity: 'critical',
      endsAtMs: Date.UTC(2026, 10, 24),
      facts: { budget: 'each/bob', kind: 'soft', unit: 'calls', spent: 2, limit: 2 },
    });
  });
});
