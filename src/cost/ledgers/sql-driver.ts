/** What a value in a row or a parameter can be; integers stay below 2^53. */
export type SqlValue = string | number | null;

/** The least that the ledger needs of an SQLite library; synchronous, because the libraries are. */
export interface SqlDriver {
  /** Runs statements without parameters or rows. */
  execute(sql: string): void;
  run(sql: string, parameters: readonly SqlValue[]): void;
  all(sql: string, parameters: readonly SqlValue[]): readonly Readonly<Record<string, SqlValue>>[];
  close(): void;
}

interface Statement {
  run(...parameters: SqlValue[]): unknown;
  all(...parameters: SqlValue[]): unknown[];
}

/** What node:sqlite and libsql have in common. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): Statement;
  close(): unknown;
}

/** A driver that prepares each text once. The texts are constants of this folder, so the map is as small as they are few. */
export function driverOf(database: SqliteDatabase): SqlDriver {
  const statements = new Map<string, Statement>();
  const prepared = (sql: string): Statement => {
    const statement = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  return {
    execute: (sql) => {
      database.exec(sql);
    },
    run: (sql, parameters) => {
      prepared(sql).run(...parameters);
    },
    all: (sql, parameters) => prepared(sql).all(...parameters) as Record<string, SqlValue>[],
    close: () => {
      statements.clear();
      database.close();
    },
  };
}
