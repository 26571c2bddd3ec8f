/** The words in which the two databases differ. */
export interface SqlWords {
  readonly dialect: 'sqlite' | 'postgres';
  /** A whole number up to 2^53. */
  readonly integer: string;
  /** Ends a table whose values have the types that they say. */
  readonly strict: string;
  /** Ends a table that is looked up by its primary key. */
  readonly keyed: string;
}

/** Brings a database from one version to the next. */
export interface Migration {
  readonly name: string;
  readonly statements: (words: SqlWords) => readonly string[];
}

export const sqliteWords: SqlWords = {
  dialect: 'sqlite',
  integer: 'INTEGER',
  strict: 'STRICT',
  keyed: 'STRICT, WITHOUT ROWID',
};

export const postgresWords: SqlWords = { dialect: 'postgres', integer: 'BIGINT', strict: '', keyed: '' };
