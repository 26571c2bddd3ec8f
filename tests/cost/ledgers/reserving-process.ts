import { systemClock } from '../../../src/core/clock.js';
import { openSqliteLedger } from '../../../src/cost/ledgers/sqlite-ledger.js';
import { ledgerRow } from '../../contracts/ledger-row.js';

/* A process of its own: asks for 100 holds of 100 under a limit of 10,000, settles every second one, prints how many it got. */
const [file = '', name = ''] = process.argv.slice(2);
const ledger = await openSqliteLedger({ file, clock: systemClock });
const window = { fromMs: 0, toMs: 9e12, limit: 10_000 };
let admitted = 0;
for (let index = 0; index < 100; index += 1) {
  const nowMs = systemClock.nowMs();
  const id = `${name}-${index}`;
  const outcome = await ledger.reserve({ id, amount: 100, expiresAtMs: nowMs + 600_000 }, window);
  if (!outcome.admitted) continue;
  admitted += 1;
  if (index % 2 === 0)
    await ledger.settle(id, [ledgerRow({ attemptId: id, atMs: nowMs, cost: { nanoUsd: 100, estimated: false } })]);
  await systemClock.sleep(1);
}
process.stdout.write(String(admitted));
await ledger.close();
