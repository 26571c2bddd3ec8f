import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../../src/core/clock.js';
import type { ServerEvent } from '../../../src/core/events.js';
import { createSpool } from '../../../src/cost/ledgers/spool.js';
import { createSpoolingLedger } from '../../../src/cost/ledgers/spooling-ledger.js';
import { createSqlLedger } from '../../../src/cost/ledgers/sql-ledger.js';
import { createDatabase } from '../../../src/storage/database.js';
import { ledgerContract } from '../../contracts/ledger-contract.js';
import { intent, ledgerRow } from '../../contracts/ledger-row.js';
import { testProcess } from '../../support/memory-ledger.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { silentLogger } from '../../support/silent-logger.js';
import { until } from '../../support/until.js';

let directory: string;
let postgres: PostgresServer;
let places = 0;
const allTime = { fromMs: 0, toMs: 9e12 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'spool-'));
  postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  await postgres.remove();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

function ledgerOn(url: string, file: string, id = '1@here/a', clock: Clock = systemClock) {
  const events: ServerEvent[] = [];
  const process = testProcess({ id });
  const remote = createSqlLedger({ database: createDatabase({ clock, place: { url } }), clock, process });
  const spool = createSpool(createDatabase({ clock, place: { file } }), id);
  const onServerEvent = (event: ServerEvent) => events.push(event);
  const ledger = createSpoolingLedger({ remote, spool, processId: id, clock, logger: silentLogger, onServerEvent });
  return { ledger, spool, events };
}
const newPlace = async () => {
  places += 1;
  return { url: await postgres.database(`spool${places}`), file: join(directory, `${places}`, 'ledger.db') };
};

ledgerContract('a spooling ledger', async (clock) => {
  const { url, file } = await newPlace();
  return ledgerOn(url, file, '1@here/a', clock).ledger;
});

describe('while PostgreSQL is away', () => {
  it('steps wait in the local file and follow by themselves, in their order and once', async () => {
    const { url, file } = await newPlace();
    const { ledger, events } = ledgerOn(url, file);
    await ledger.begin(intent());
    await postgres.stop();
    await ledger.settle('call-1/1', [ledgerRow()]);
    await ledger.begin(intent({ attemptId: 'b/1', requestId: 'b' }));
    await ledger.settle('b/1', [ledgerRow({ attemptId: 'b/1', requestId: 'b' })]);
    await ledger.begin(intent({ attemptId: 'c/1', requestId: 'c' }));
    await ledger.settle('c/1', []);
    expect(ledger.waiting()).toBe(5);
    await ledger.catchUp();
    expect(ledger.waiting()).toBe(5);
    await expect(ledger.spend(allTime)).rejects.toThrow('PostgreSQL');

    await postgres.start();
    await until(async () => {
      await ledger.catchUp();
      return events.at(-1)?.type === 'store-recovered';
    }, 30_000);
    expect(ledger.waiting()).toBe(0);
    expect(await ledger.spend(allTime)).toMatchObject([{ calls: 2, cost: 2_000 }]);
    expect((await ledger.use(allTime)).open).toEqual([]);
    expect(events.map(({ type }) => type)).toEqual(['store-degraded', 'store-recovered']);
    await ledger.close();
  }, 90_000);

  it('what a process left in the file when it died is sent by the next one', async () => {
    const { url, file } = await newPlace();
    const first = ledgerOn(url, file, '7@here/a');
    await postgres.stop();
    await first.ledger.begin(intent());
    await first.ledger.settle('call-1/1', [ledgerRow()]);
    await first.ledger.begin(intent({ attemptId: 'b/1', requestId: 'b' }));
    // It dies: nothing is closed, nothing sent.
    await postgres.start();
    const second = ledgerOn(url, file);
    await second.spool.adopt((id) => id === '7@here/a');
    expect(second.ledger.waiting()).toBe(3);
    await second.ledger.catchUp();
    expect(second.ledger.waiting()).toBe(0);
    // The open attempt was booked at its estimate, because its process is not there.
    await until(async () => (await second.ledger.spend(allTime))[0]?.cost === 6_000, 30_000);
    expect((await second.ledger.use(allTime)).open).toEqual([]);
    await second.ledger.close();
    await first.ledger.close();
  }, 90_000);
});
