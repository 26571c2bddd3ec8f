import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/core/clock.js';
import type { ProcessIdentity } from '../../../src/cost/ledgers/processes.js';
import { createSqlLedger, type SqlLedger } from '../../../src/cost/ledgers/sql-ledger.js';
import { createDatabase } from '../../../src/storage/database.js';
import { openLibsql } from '../../../src/storage/sqlite/libsql-driver.js';
import { ledgerContract } from '../../contracts/ledger-contract.js';
import { intent, ledgerRow } from '../../contracts/ledger-row.js';
import { fakeClock } from '../../support/fake-clock.js';
import { memoryLedger, testProcess } from '../../support/memory-ledger.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';

type Place = Parameters<typeof createDatabase>[0]['place'];

let directory: string;
let postgres: PostgresServer;
let places = 0;
const open: SqlLedger[] = [];

const newFile = (): Place => {
  places += 1;
  return { file: join(directory, `${places}`, 'ledger.db') };
};
const newDatabase = async (): Promise<Place> => {
  places += 1;
  return { url: await postgres.database(`ledger${places}`) };
};
function ledgerIn(place: Place, clock: Clock, process: ProcessIdentity = testProcess()): SqlLedger {
  const ledger = createSqlLedger({ database: createDatabase({ clock, place }), clock, process });
  open.push(ledger);
  return ledger;
}
const allTime = { fromMs: 0, toMs: 9e12 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-'));
  postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  await Promise.all(open.map((ledger) => ledger.close()));
  await postgres.remove();
  await rm(directory, { recursive: true, force: true });
}, 60_000);

ledgerContract('an SQLite file', async (clock) => ledgerIn(newFile(), clock));
ledgerContract('SQLite in memory', async (clock) => memoryLedger(clock));
ledgerContract('PostgreSQL', async (clock) => ledgerIn(await newDatabase(), clock));

describe.each([
  ['SQLite', async () => newFile()],
  ['PostgreSQL', newDatabase],
])('processes on one ledger in %s', (_, newPlace) => {
  const dead = testProcess({ id: '7@here/dead', pid: 7 });

  it('book what a dead one left open at its estimate, once, and leave alone what is alive', async () => {
    const clock = fakeClock();
    const place = await newPlace();
    const first = ledgerIn(place, clock, dead);
    await first.begin(intent({ attemptId: 'x/1', requestId: 'x' }));
    await first.begin(intent({ attemptId: 'x/2', requestId: 'x' }));
    await first.begin(intent({ attemptId: 'y/1', requestId: 'y' }));
    await first.settle('y/1', [ledgerRow({ attemptId: 'y/1', requestId: 'y' })]);

    const second = ledgerIn(place, clock, testProcess({ id: '8@here/b', pid: 8, isRunning: () => true }));
    expect(await second.recover()).toBe(0);
    const third = ledgerIn(place, clock, testProcess({ id: '9@here/c', pid: 9, isRunning: (pid) => pid === 8 }));
    const fourth = ledgerIn(place, clock, testProcess({ id: '10@here/d', pid: 10, isRunning: (pid) => pid === 8 }));
    const found = await Promise.all([third.recover(), fourth.recover()]);
    expect(found.reduce((sum, count) => sum + count)).toBe(2);
    expect(await third.spend(allTime)).toMatchObject([
      { calls: 2, cost: 11_000, usage: { inputTokens: 300, outputTokens: 1_010, totalTokens: 1_310, estimated: true } },
    ]);
    expect((await third.use(allTime)).open).toEqual([]);
  });

  it('take one that has been silent for a minute on another machine for dead, and believe it when it speaks again', async () => {
    const clock = fakeClock();
    const place = await newPlace();
    const far = ledgerIn(place, clock, testProcess({ id: '7@there/a', host: 'there', pid: 7 }));
    await far.begin(intent());
    const near = ledgerIn(place, clock);
    await clock.advance(59_000);
    expect(await near.recover()).toBe(0);
    await clock.advance(2_000);
    expect(await near.recover()).toBe(1);
    await near.fold();
    expect(await near.spend(allTime)).toMatchObject([{ calls: 1, cost: 5_000 }]);

    await far.settle('call-1/1', [ledgerRow()]);
    await far.settle('call-1/1', [ledgerRow()]);
    for (const groupBy of [undefined, 'model', 'day'] as const) {
      const query = groupBy ? { ...allTime, groupBy } : allTime;
      expect(await near.spend(query)).toMatchObject([{ calls: 1, cost: 1_000, usage: { totalTokens: 110 } }]);
    }
    await near.fold();
    expect(await near.spend(allTime)).toMatchObject([{ calls: 1, cost: 1_000 }]);
  });

  it('book the attempts of one that nobody knows', async () => {
    const clock = fakeClock();
    const place = await newPlace();
    const ledger = ledgerIn(place, clock);
    await ledger.begin(intent(), 'nobody');
    expect(await ledger.recover()).toBe(1);
  });
});

describe('a file of version 0.1', () => {
  it('keeps its rows, tags and calls', async () => {
    const place = newFile() as { file: string };
    const clock = fakeClock();
    const empty = ledgerIn(place, clock);
    await empty.close();
    const driver = await openLibsql(place.file);
    const tables = driver.all("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'", []);
    for (const { name } of tables) driver.execute(`DROP TABLE ${String(name)}`);
    for (const statement of await firstVersion()) driver.execute(statement);
    driver.execute('PRAGMA user_version = 1');
    const columns = `attempt_id, request_id, at_ms, caller, model, provider, region, source, outcome, input_tokens,
      output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, total_tokens, usage_estimated, cost_nano,
      cost_estimated, saved_nano, latency_ms`;
    const values = `1000, 'alice', 'm', 'p', 'r', 'bedrock', 'succeeded', 10, 1, 0, 0, 0, 11, 0, 700, 0, 0, 5`;
    driver.execute(`INSERT INTO attempts (${columns}) VALUES ('a/1', 'a', ${values}), ('a/2', 'a', ${values})`);
    driver.execute("INSERT INTO attempt_tags VALUES ('a/1', 'team', 'x')");
    driver.close();

    const ledger = ledgerIn(place, clock);
    expect(await ledger.spend(allTime)).toMatchObject([{ calls: 1, cost: 1_400 }]);
    const byTag = async () => (await ledger.spend({ ...allTime, groupBy: 'tag' })).map(({ key, cost }) => [key, cost]);
    expect(await byTag()).toEqual([
      ['team=x', 700],
      ['', 700],
    ]);
    await ledger.fold();
    expect(await byTag()).toEqual([
      ['team=x', 700],
      ['', 700],
    ]);
  });
});

async function firstVersion(): Promise<readonly string[]> {
  const { firstLedger } = await import('../../../src/storage/migrations/0001-first-ledger.js');
  const { sqliteWords } = await import('../../../src/storage/migrations/migration.js');
  return firstLedger.statements(sqliteWords);
}
