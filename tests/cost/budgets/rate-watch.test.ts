import { describe, expect, it } from '@jest/globals';
import type { Alert } from '../../../src/core/alerts.js';
import { createRateWatch } from '../../../src/cost/budgets/rate-watch.js';
import { ledgerRow } from '../../contracts/ledger-row.js';
import { fakeClock } from '../../support/fake-clock.js';
import { memoryLedger } from '../../support/memory-ledger.js';
import { memoryStore } from '../budget-setup.js';

const hourMs = 3_600_000;
const usd = 1e9;

async function setup(factor = 4) {
  const clock = fakeClock();
  const ledger = memoryLedger(clock);
  const told: Alert[] = [];
  const watch = createRateWatch({
    ledger,
    flags: await memoryStore(clock),
    clock,
    place: 'local',
    factor,
    onServerEvent: (event) => event.type === 'alert-changed' && told.push(event.alert),
  });
  let ids = 0;
  const spend = async (cost: number, hoursAgo: number) => {
    ids += 1;
    const attemptId = `${ids}`;
    const row = ledgerRow({
      attemptId,
      atMs: clock.nowMs() - hoursAgo * hourMs,
      cost: { nanoUsd: cost, estimated: false },
    });
    await ledger.settle(attemptId, [row]);
  };
  const look = async () => {
    await clock.advance(60_000);
    await watch.look();
    return told.splice(0);
  };
  return { clock, spend, look };
}

describe('an unusual rate of spending', () => {
  it('is told once, and once when it is over', async () => {
    const { clock, spend, look } = await setup();
    for (let hour = 3; hour < 13; hour += 1) await spend(2 * usd, hour);
    await spend(7 * usd, 0.5);
    expect(await look()).toEqual([]);
    await spend(2 * usd, 0.1);
    expect(await look()).toMatchObject([
      { status: 'firing', summary: 'Spending is unusually fast: $9.00 in the last hour, usual is $2.00.' },
    ]);
    expect(await look()).toEqual([]);
    await clock.advance(hourMs);
    expect(await look()).toMatchObject([{ status: 'resolved', key: 'spend-rate:local' }]);
    expect(await look()).toEqual([]);
  });

  it('needs a past to be unusual against, and more than small change', async () => {
    const young = await setup();
    for (let hour = 3; hour < 9; hour += 1) await young.spend(usd, hour);
    await young.spend(100 * usd, 0.5);
    expect(await young.look()).toEqual([]);
    const cheap = await setup();
    for (let hour = 3; hour < 13; hour += 1) await cheap.spend(0.01 * usd, hour);
    await cheap.spend(0.9 * usd, 0.5);
    expect(await cheap.look()).toEqual([]);
  });

  it('is never told with the factor 0', async () => {
    const { spend, look } = await setup(0);
    for (let hour = 3; hour < 13; hour += 1) await spend(2 * usd, hour);
    await spend(100 * usd, 0.5);
    expect(await look()).toEqual([]);
  });
});
