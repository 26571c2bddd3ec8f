import type { Kysely } from 'kysely';
import type { Clock } from '../core/clock.js';
import type { ServiceError } from '../core/errors.js';
import { databaseProblem } from './database-problem.js';
import type { Statement, StatementResult } from './sqlite/sql-driver.js';
import type { Tables } from './tables.js';

/**
 * The SQL database of the server: an SQLite file of its own, or a PostgreSQL that several servers share. One set of
 * tables, one query layer.
 *
 * To add a table:
 * 1. a migration: a file `migrations/000N-name.ts` that gives the statements in words both databases know, and its line
 *    at the end of `migrations/migrations.ts`;
 * 2. its columns as an interface in `tables.ts`, and its name in `Tables`;
 * 3. a store in the `stores/` or `ledgers/` folder of the domain that owns it, made from a `Database`:
 *    `database.run((sql) => sql.selectFrom('my_table')….execute())`, with `sql.transaction().execute(…)` where what is
 *    written depends on what was read. Where a statement runs for every call, compile it once and hand it to `write`.
 *
 * Every member rejects with a ServiceError `internal` that says what is wrong with the database and what to do; the
 * database is opened again by itself when it can be.
 */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres';
  /** Works with Kysely. In SQLite a `select` runs beside the writes, anything else waits for its place among them. */
  run<T>(work: (sql: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** Runs all statements or none; resolves when they are durable. Cheap: many share one commit. */
  write(statements: readonly Statement[]): Promise<readonly StatementResult[]>;
  /** What was begun ends first. The database is not opened again. */
  close(): Promise<void>;
}

/** An open connection, or a pool of them. */
export interface OpenDatabase {
  readonly query: Kysely<Tables>;
  readonly write: Database['write'];
  /** False when it has to be opened anew. */
  isUsable(): boolean;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly clock: Clock;
  /** Path of an SQLite file, `:memory:`, or a postgres URL. */
  readonly place: { readonly file: string } | { readonly url: string };
}

/** While the database cannot be opened it is tried again after so long. */
const reopenPauseMs = 1_000;

/** The database is opened when it is first used: nothing of it is loaded before. */
export function createDatabase({ clock, place }: DatabaseOptions): Database {
  const dialect = 'file' in place ? 'sqlite' : 'postgres';
  let opening: Promise<OpenDatabase> | undefined;
  let failed: { readonly problem: ServiceError; readonly untilMs: number } | undefined;
  let closed = false;

  const open = async (): Promise<OpenDatabase> => {
    try {
      if ('file' in place) return await (await import('./sqlite/sqlite-database.js')).openSqlite(place.file);
      return await (await import('./postgres/postgres-database.js')).openPostgres(place.url);
    } catch (error) {
      const problem = databaseProblem(error, dialect);
      failed = { problem, untilMs: clock.monotonicMs() + reopenPauseMs };
      opening = undefined;
      throw problem;
    }
  };
  const opened = async (): Promise<OpenDatabase> => {
    if (closed) throw databaseProblem(new Error('The database was closed.'), dialect);
    if (!opening && failed && clock.monotonicMs() < failed.untilMs) throw failed.problem;
    opening ??= open();
    const database = await opening;
    if (database.isUsable()) return database;
    opening = undefined;
    return opened();
  };

  const using = async <T>(work: (database: OpenDatabase) => Promise<T>): Promise<T> => {
    const database = await opened();
    try {
      return await work(database);
    } catch (error) {
      throw databaseProblem(error, dialect);
    }
  };

  return {
    dialect,
    run: (work) => using(({ query }) => work(query)),
    write: (statements) => using(({ write }) => write(statements)),
    close: async () => {
      if (closed) return;
      closed = true;
      const database = await opening?.catch(() => undefined);
      await database?.close();
    },
  };
}
