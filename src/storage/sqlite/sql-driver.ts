/** What a value in a row or a parameter can be; integers stay below 2^53. */
export type SqlValue = string | number | null;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** SQL with its parameters, as Kysely compiles it. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** Rows that a statement without rows of its own has written. */
  readonly changes: number;
}

/** The least that a database thread needs of an SQLite library; synchronous, because the libraries are. */
export interface SqlDriver {
  /** Runs statements without parameters or rows. */
  execute(sql: string): void;
  run(sql: string, parameters: readonly SqlValue[]): number;
  all(sql: string, parameters: readonly SqlValue[]): readonly SqlRow[];
  close(): void;
}

interface PreparedStatement {
  run(...parameters: SqlValue[]): { readonly changes: number | bigint };
  all(...parameters: SqlValue[]): unknown[];
}

/** What node:sqlite and libsql have in common. */
export interface SqliteLibrary {
  exec(sql: string): unknown;
  prepare(sql: string): PreparedStatement;
  close(): unknown;
}

const keptStatements = 200;

/** A driver that prepares a text once as long as it is in use; texts with lists of any length must not pile up. */
export function driverOf(library: SqliteLibrary): SqlDriver {
  const statements = new Map<string, PreparedStatement>();
  const prepared = (sql: string): PreparedStatement => {
    const statement = statements.get(sql) ?? library.prepare(sql);
    statements.delete(sql);
    statements.set(sql, statement);
    const [oldest] = statements.keys();
    if (statements.size > keptStatements && oldest !== undefined) statements.delete(oldest);
    return statement;
  };
  return {
    execute: (sql) => {
      library.exec(sql);
    },
    run: (sql, parameters) => Number(prepared(sql).run(...parameters).changes),
    all: (sql, parameters) => prepared(sql).all(...parameters) as SqlRow[],
    close: () => {
      statements.clear();
      library.close();
    },
  };
}

const givesRows = /^\s*(select|with|pragma|values)\b|\breturning\b/i;

export function runStatement(driver: SqlDriver, { sql, parameters }: Statement): StatementResult {
  if (givesRows.test(sql)) return { rows: driver.all(sql, parameters), changes: 0 };
  return { rows: [], changes: driver.run(sql, parameters) };
}
