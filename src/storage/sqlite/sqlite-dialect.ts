import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { SqlValue, Statement, StatementResult } from './sql-driver.js';
import type { SqliteThread } from './sqlite-thread.js';

/** The thread that writes, and one that reads beside it. */
export interface SqliteThreads {
  writer(): Promise<SqliteThread>;
  reader(): Promise<SqliteThread>;
}

interface ThreadConnection extends DatabaseConnection {
  transaction?: number;
}

/** Kysely over the threads: reports read beside the writes; a transaction has the writer for itself. */
export function sqliteDialect(threads: SqliteThreads): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => threadDriver(threads),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (database) => new SqliteIntrospector(database),
  };
}

function threadDriver(threads: SqliteThreads): Driver {
  let transactions = 0;
  const end = async (connection: ThreadConnection, commit: boolean): Promise<void> => {
    const { transaction } = connection;
    delete connection.transaction;
    if (transaction !== undefined) await (await threads.writer()).ask({ kind: 'end', transaction, commit });
  };
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connectionOn(threads)),
    beginTransaction: async (connection: ThreadConnection) => {
      transactions += 1;
      const transaction = transactions;
      await (await threads.writer()).ask({ kind: 'begin', transaction });
      connection.transaction = transaction;
    },
    commitTransaction: (connection: ThreadConnection) => end(connection, true),
    rollbackTransaction: (connection: ThreadConnection) => end(connection, false),
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}

function connectionOn(threads: SqliteThreads): DatabaseConnection {
  const connection: ThreadConnection = {
    executeQuery: async <Row>(query: CompiledQuery): Promise<QueryResult<Row>> => {
      const [result] = await run(threads, query, connection.transaction);
      const { rows = [], changes = 0 } = result ?? {};
      // The rows are what the query's type says, because that is compiled from the tables.
      return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
    },
    streamQuery: () => {
      throw new Error('Rows are not streamed: ask for pages of them.');
    },
  };
  return connection;
}

async function run(
  threads: SqliteThreads,
  query: CompiledQuery,
  transaction: number | undefined,
): Promise<readonly StatementResult[]> {
  const statement: Statement = { sql: query.sql, parameters: query.parameters as readonly SqlValue[] };
  if (transaction !== undefined) return (await threads.writer()).ask({ kind: 'step', transaction, statement });
  if (reads(query)) return (await threads.reader()).ask({ kind: 'read', statement });
  return (await threads.writer()).ask({ kind: 'write', statements: [statement] });
}

/** Text that was not built but written says what it does with its first word. */
const reads = ({ query, sql }: CompiledQuery): boolean =>
  query.kind === 'SelectQueryNode' || (query.kind === 'RawNode' && /^\s*select\b/i.test(sql));
