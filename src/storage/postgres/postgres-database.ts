import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { OpenDatabase } from '../database.js';
import type { Statement, StatementResult } from '../sqlite/sql-driver.js';
import type { Tables } from '../tables.js';
import { migratePostgres } from './migrate-postgres.js';

const connections = 10;
const connectTimeoutMs = 2_000;
/** Bound of one statement, in the server and, a little later, here. */
const statementTimeoutMs = 30_000;
const idleTimeoutMs = 60_000;

/** Whole numbers and their sums come as text, because they might not fit; ours stay below 2^53. */
const numberTypes: readonly number[] = [pg.types.builtins.INT8, pg.types.builtins.NUMERIC];

const parserOf = (id: number, format?: 'text'): unknown =>
  numberTypes.includes(id) ? Number : pg.types.getTypeParser(id, format);
const types = { getTypeParser: parserOf as typeof pg.types.getTypeParser };

/** @throws the error of PostgreSQL or of the network when it cannot be used. */
export async function openPostgres(url: string): Promise<OpenDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    types,
  });
  // A connection that breaks while nobody uses it; whoever asks next gets another, or the error.
  pool.on('error', () => undefined);
  try {
    await migratePostgres(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  let usable = true;
  return {
    query: new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }),
    write: (statements) => writeAll(pool, statements),
    isUsable: () => usable,
    close: async () => {
      usable = false;
      await pool.end();
    },
  };
}

async function writeAll(pool: pg.Pool, statements: readonly Statement[]): Promise<readonly StatementResult[]> {
  const [only] = statements;
  if (only && statements.length === 1) return [await runOn(pool, only)];
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const results: StatementResult[] = [];
    for (const statement of statements) results.push(await runOn(client, statement));
    await client.query('COMMIT');
    client.release();
    return results;
  } catch (error) {
    // Not rolled back but closed, because it is not known what state the connection is in.
    client.release(true);
    throw error;
  }
}

async function runOn(client: pg.Pool | pg.PoolClient, { sql, parameters }: Statement): Promise<StatementResult> {
  const { rows, rowCount } = await client.query<StatementResult['rows'][number]>(sql, [...parameters]);
  return { rows, changes: rowCount ?? 0 };
}
