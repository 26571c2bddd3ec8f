import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { ServiceError } from '../../../src/core/errors.js';
import { openSqliteLedger } from '../../../src/cost/ledgers/sqlite-ledger.js';
import { openLibsql } from '../../../src/storage/sqlite/libsql-driver.js';
import { openNodeSqlite } from '../../../src/storage/sqlite/node-sqlite-driver.js';
import { ledgerContract } from '../../contracts/ledger-contract.js';
import { ledgerRow } from '../../contracts/ledger-row.js';
import { fakeClock } from '../../support/fake-clock.js';

let directory: string;
let files = 0;
const newFile = () => {
  files += 1;
  return join(directory, `ledger-${files}`, 'costs.db');
};
const failure = async (work: Promise<unknown>): Promise<ServiceError> => {
  const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ledger-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

ledgerContract('an SQLite file', (clock) => openSqliteLedger({ file: newFile(), clock }));
ledgerContract('SQLite in memory', (clock) => openSqliteLedger({ file: ':memory:', clock }));

describe('drivers', () => {
  const bringsSqlite = Number(process.versions.node.split('.')[0]) >= 22;

  it('uses what Node brings, where it brings one', async () => {
    const driver = await openNodeSqlite(':memory:');
    expect(driver !== undefined).toBe(bringsSqlite);
    driver?.close();
  });

  it.each([
    ['libsql', openLibsql],
    ['node:sqlite', openNodeSqlite],
  ])('%s keeps integers whole up to 2^53', async (_, open) => {
    const driver = await open(':memory:');
    if (!driver) return;
    driver.execute('CREATE TABLE t (n INTEGER NOT NULL, s TEXT) STRICT');
    driver.run('INSERT INTO t VALUES (?, ?)', [Number.MAX_SAFE_INTEGER - 1, null]);
    driver.run('INSERT INTO t VALUES (?, ?)', [1, 'x']);
    const kinds = driver.all('SELECT n, typeof(n) AS kind FROM t ORDER BY n', []);
    expect(kinds.map((row) => ({ ...row }))).toEqual([
      { n: 1, kind: 'integer' },
      { n: Number.MAX_SAFE_INTEGER - 1, kind: 'integer' },
    ]);
    const [sum] = driver.all('SELECT SUM(n) AS n FROM t', []);
    expect(sum?.['n']).toBe(Number.MAX_SAFE_INTEGER);
    driver.close();
  });
});

describe('the file', () => {
  it('is durable: what was settled is there after it is opened again', async () => {
    const file = newFile();
    const first = await openSqliteLedger({ file, clock: fakeClock() });
    await first.settle('none', [ledgerRow({ tags: { a: 'b' } })]);
    await first.close();
    await first.close();
    const second = await openSqliteLedger({ file, clock: fakeClock() });
    expect(await second.spend({ fromMs: 0, toMs: 9e12, groupBy: 'tag' })).toMatchObject([{ key: 'a=b', cost: 1_000 }]);
    await second.close();
  });

  it('lies in a directory for its owner only, in WAL mode', async () => {
    const file = newFile();
    const ledger = await openSqliteLedger({ file, clock: fakeClock() });
    await ledger.settle('none', [ledgerRow()]);
    const parent = join(file, '..');
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
    expect(await readdir(parent)).toContain('costs.db-wal');
    await ledger.close();
  });

  it('is refused when a newer version wrote it, and left as it was', async () => {
    const file = newFile();
    await (await openSqliteLedger({ file, clock: fakeClock() })).close();
    const driver = await openLibsql(file);
    driver.execute('PRAGMA user_version = 99');
    driver.close();
    const error = await failure(openSqliteLedger({ file, clock: fakeClock() }));
    expect(error).toMatchObject({ category: 'internal', message: expect.stringContaining('newer version') });
    const again = await openLibsql(file);
    expect(again.all('PRAGMA user_version', [])[0]?.['user_version']).toBe(99);
    again.close();
  });

  it.each([
    ['a directory in place of the file', async () => directory],
    [
      'a file in place of the directory',
      async () => {
        const blocker = join(directory, 'blocker');
        await writeFile(blocker, '');
        return join(blocker, 'costs.db');
      },
    ],
    [
      'a file that is no database',
      async () => {
        const file = join(directory, 'garbage.db');
        await writeFile(file, 'this is not a database, '.repeat(500));
        await chmod(file, 0o600);
        return file;
      },
    ],
  ])('cannot be opened: %s', async (_, make) => {
    const error = await failure(openSqliteLedger({ file: await make(), clock: fakeClock({ autoAdvance: true }) }));
    expect(error.category).toBe('internal');
    expect(error.remedy).toContain('BEDROCK_DATA_DIR');
    expect(error.message + error.remedy).not.toContain(directory);
    expect(error.cause).toBeDefined();
  });

  it('fails with our own words when it is used after close', async () => {
    const ledger = await openSqliteLedger({ file: newFile(), clock: fakeClock() });
    await ledger.close();
    const error = await failure(ledger.settle('a', [ledgerRow()]));
    expect(error.message).toBe('The cost ledger could not be read or written.');
  });

  it('leaves no half of a settlement behind', async () => {
    const ledger = await openSqliteLedger({ file: newFile(), clock: fakeClock() });
    const broken = ledgerRow({ attemptId: 'b', cost: { nanoUsd: 0.5, estimated: false } });
    await failure(ledger.settle('a', [ledgerRow(), broken]));
    expect(await ledger.spend({ fromMs: 0, toMs: 9e12 })).toEqual([]);
    await ledger.settle('a', [ledgerRow()]);
    expect(await ledger.spend({ fromMs: 0, toMs: 9e12 })).toMatchObject([{ cost: 1_000 }]);
    await ledger.close();
  });
});

describe('two processes on one file', () => {
  const script = new URL('./reserving-process.ts', import.meta.url).pathname;
  const reserveIn = (file: string, name: string) =>
    new Promise<number>((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, file, name], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(Number(output)) : reject(new Error(`exit ${code}`))));
    });

  it('admit together exactly what the budget has room for', async () => {
    const file = newFile();
    const admitted = await Promise.all(['one', 'two'].map((name) => reserveIn(file, name)));
    expect(admitted[0]! + admitted[1]!).toBe(100);
    const ledger = await openSqliteLedger({ file, clock: systemClock });
    const { spent, reserved } = await ledger.budgetState({ fromMs: 0, toMs: 9e12 });
    expect(spent + reserved).toBe(10_000);
    expect(spent).toBeGreaterThan(0);
    await ledger.close();
  });
});
