import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { createDatabase, type Database } from '../../src/storage/database.js';
import { openLibsql } from '../../src/storage/sqlite/libsql-driver.js';
import { openNodeSqlite } from '../../src/storage/sqlite/node-sqlite-driver.js';
import { fakeClock } from '../support/fake-clock.js';
import { type PostgresServer, startPostgres } from '../support/postgres-server.js';

let directory: string;
let postgres: PostgresServer;
let places = 0;
const open: Database[] = [];

const newFile = () => {
  places += 1;
  return join(directory, `place-${places}`, 'ledger.db');
};
const opened = (place: { file: string } | { url: string }, clock = systemClock): Database => {
  const database = createDatabase({ place, clock });
  open.push(database);
  return database;
};
const hold = (id: string, amount = 1) => ({
  sql: 'INSERT INTO holds (hold_id, amount_nano, expires_at_ms) VALUES',
  parameters: [id, amount, 9e15],
});
const insert = (database: Database, id: string, amount?: number) => {
  const { sql, parameters } = hold(id, amount);
  const marks = database.dialect === 'sqlite' ? '(?, ?, ?)' : '($1, $2, $3)';
  return { sql: `${sql} ${marks}`, parameters };
};
const ids = (database: Database) =>
  database.run(async (sql) => {
    const rows = await sql.selectFrom('holds').select('hold_id').orderBy('hold_id').execute();
    return rows.map(({ hold_id }) => hold_id);
  });
const failure = async (work: Promise<unknown>): Promise<ServiceError> => {
  const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ServiceError);
  return error as ServiceError;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'database-'));
  postgres = await startPostgres();
}, 60_000);
afterAll(async () => {
  await Promise.all(open.map((database) => database.close()));
  await postgres.remove();
  await rm(directory, { recursive: true, force: true });
});

describe.each([
  ['an SQLite file', async () => opened({ file: newFile() })],
  ['SQLite in memory', async () => opened({ file: ':memory:' })],
  [
    'PostgreSQL',
    async () => {
      places += 1;
      return opened({ url: await postgres.database(`db${places}`) });
    },
  ],
])('%s', (_, make) => {
  it('writes all statements of one call or none, whoever writes beside it', async () => {
    const database = await make();
    await database.write([insert(database, 'a')]);
    const outcomes = await Promise.allSettled([
      database.write([insert(database, 'b'), insert(database, 'c')]),
      database.write([insert(database, 'd'), insert(database, 'a')]),
      database.write([insert(database, 'e')]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids(database)).toEqual(['a', 'b', 'c', 'e']);
  });

  it('tells how many rows were changed', async () => {
    const database = await make();
    await database.write([insert(database, 'a'), insert(database, 'b')]);
    const [result] = await database.write([
      { sql: "DELETE FROM holds WHERE hold_id IN ('a', 'b', 'x')", parameters: [] },
    ]);
    expect(result?.changes).toBe(2);
  });

  it('keeps whole numbers whole up to 2^53, sums too', async () => {
    const database = await make();
    await database.write([insert(database, 'a', Number.MAX_SAFE_INTEGER - 1), insert(database, 'b', 1)]);
    const sum = await database.run((sql) =>
      sql
        .selectFrom('holds')
        .select((eb) => eb.fn.sum<number>('amount_nano').as('total'))
        .executeTakeFirst(),
    );
    expect(sum?.total).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('gives a transaction what it has read: a hundred counters that read and add lose nothing', async () => {
    const database = await make();
    await database.write([insert(database, 'n', 0)]);
    const add = () =>
      database.run((sql) =>
        sql.transaction().execute(async (step) => {
          const row = await step
            .selectFrom('holds')
            .select('amount_nano')
            .where('hold_id', '=', 'n')
            .$if(database.dialect === 'postgres', (query) => query.forUpdate())
            .executeTakeFirstOrThrow();
          await step
            .updateTable('holds')
            .set({ amount_nano: row.amount_nano + 1 })
            .where('hold_id', '=', 'n')
            .execute();
        }),
      );
    await Promise.all(Array.from({ length: 100 }, add));
    const [row] = await database.run((sql) => sql.selectFrom('holds').select('amount_nano').execute());
    expect(row?.amount_nano).toBe(100);
  }, 60_000);

  it('takes a transaction back that fails, and goes on', async () => {
    const database = await make();
    const failing = database.run((sql) =>
      sql.transaction().execute(async (step) => {
        await step.insertInto('holds').values({ hold_id: 'x', amount_nano: 1, expires_at_ms: 1 }).execute();
        throw new Error('no');
      }),
    );
    await failure(failing);
    await database.write([insert(database, 'y')]);
    expect(await ids(database)).toEqual(['y']);
  });

  it('ends what was begun when it is closed, and says so afterwards', async () => {
    const database = await make();
    const writes = Array.from({ length: 50 }, (_unused, index) => database.write([insert(database, `${index}`)]));
    await Promise.all(writes);
    await database.close();
    await database.close();
    expect((await failure(database.write([insert(database, 'z')]))).category).toBe('internal');
  });
});

describe('several at the start', () => {
  const script = new URL('./opening-process.ts', import.meta.url).pathname;
  const openIn = (place: string) =>
    new Promise<number | null>((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', script, place], { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', resolve);
    });

  it.each([
    ['one file', async () => newFile()],
    ['one PostgreSQL', () => postgres.database('together')],
  ])(
    'processes that make the tables of %s at once',
    async (_, place) => {
      const where = await place();
      expect(await Promise.all([1, 2, 3].map(() => openIn(where)))).toEqual([0, 0, 0]);
    },
    60_000,
  );
});

describe('a file that cannot be used', () => {
  const attempt = (file: string) => {
    const database = opened({ file });
    return failure(database.write([insert(database, 'a')]));
  };

  it('of a newer version is refused, and left as it was', async () => {
    const file = newFile();
    const database = opened({ file });
    await database.write([insert(database, 'a')]);
    await database.close();
    const driver = await openLibsql(file);
    driver.execute('PRAGMA user_version = 99');
    driver.close();
    expect((await attempt(file)).message).toContain('newer version');
    const again = await openLibsql(file);
    expect(again.all('PRAGMA user_version', [])[0]?.['user_version']).toBe(99);
    again.close();
  });

  it('of a newer version is refused in PostgreSQL too', async () => {
    const url = await postgres.database('newer');
    const database = opened({ url });
    await database.write([{ sql: 'UPDATE kairos_bedrock_version SET version = 99', parameters: [] }]);
    await database.close();
    const again = opened({ url });
    expect((await failure(again.write([insert(again, 'a')]))).message).toContain('newer version');
  });

  it.each([
    ['a directory in its place', async () => directory, 'cannot be opened'],
    [
      'a file in place of its directory',
      async () => {
        const blocker = join(directory, 'blocker');
        await writeFile(blocker, '');
        return join(blocker, 'costs.db');
      },
      'cannot be opened',
    ],
    [
      'no database',
      async () => {
        const file = join(directory, 'garbage.db');
        await writeFile(file, 'this is not a database, '.repeat(500));
        return file;
      },
      'damaged',
    ],
  ])('%s', async (_, make, words) => {
    const error = await attempt(await make());
    expect(error).toMatchObject({ category: 'internal', message: expect.stringContaining(words) });
    expect(error.remedy).toContain('BEDROCK_DATA_DIR');
    expect(error.message + error.remedy).not.toContain(directory);
    expect(error.cause).toBeDefined();
  });

  it('is opened by itself when what stood in its way is gone, and not asked more than once a second before', async () => {
    const clock = fakeClock();
    const file = newFile();
    const parent = join(file, '..');
    await writeFile(parent, '');
    const database = opened({ file }, clock);
    const first = await failure(database.write([insert(database, 'a')]));
    await rm(parent);
    await mkdir(parent, { mode: 0o700 });
    expect(await failure(database.write([insert(database, 'a')]))).toBe(first);
    await clock.advance(1_000);
    await database.write([insert(database, 'a')]);
    expect(await ids(database)).toEqual(['a']);
    expect((await stat(parent)).mode & 0o777).toBe(0o700);
  });
});

describe('drivers', () => {
  it('uses what Node brings, where it brings one', async () => {
    const bringsSqlite = Number(process.versions.node.split('.')[0]) >= 22;
    const driver = await openNodeSqlite(':memory:');
    expect(driver !== undefined).toBe(bringsSqlite);
    driver?.close();
  });
});

it('makes the directory for its owner only', async () => {
  const file = newFile();
  const database = opened({ file });
  await database.write([insert(database, 'a')]);
  expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
  await chmod(file, 0o600);
});
