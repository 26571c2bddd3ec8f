import type { Migration } from './migration.js';

/** The tables of version 0.1; in SQLite with sums kept by a trigger, which the next migration replaces. */
export const firstLedger: Migration = {
  name: 'first ledger',
  statements: ({ dialect, integer, strict, keyed }) => [
    `CREATE TABLE attempts (
      attempt_id TEXT PRIMARY KEY,
      request_id TEXT NOT NULL,
      at_ms ${integer} NOT NULL,
      caller TEXT NOT NULL,
      task TEXT,
      model TEXT NOT NULL,
      provider TEXT NOT NULL,
      region TEXT NOT NULL,
      profile TEXT,
      source TEXT NOT NULL,
      outcome TEXT NOT NULL,
      input_tokens ${integer} NOT NULL,
      output_tokens ${integer} NOT NULL,
      cache_read_tokens ${integer} NOT NULL,
      cache_write_tokens ${integer} NOT NULL,
      cache_write_1h_tokens ${integer} NOT NULL,
      total_tokens ${integer} NOT NULL,
      usage_estimated ${integer} NOT NULL,
      cost_nano ${integer} NOT NULL,
      cost_estimated ${integer} NOT NULL,
      saved_nano ${integer} NOT NULL,
      latency_ms ${integer} NOT NULL
    ) ${strict}`,
    'CREATE INDEX attempts_by_time ON attempts (at_ms, cost_nano)',
    `CREATE TABLE holds (
      hold_id TEXT PRIMARY KEY,
      amount_nano ${integer} NOT NULL,
      expires_at_ms ${integer} NOT NULL
    ) ${keyed}`,
    'CREATE INDEX holds_by_expiry ON holds (expires_at_ms)',
    ...(dialect === 'sqlite' ? sqliteSums : []),
  ],
};

const sqliteSums = [
  `CREATE TABLE attempt_tags (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (attempt_id, name)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE hourly_spend (
    hour_ms INTEGER PRIMARY KEY,
    cost_nano INTEGER NOT NULL
  ) STRICT`,
  `CREATE TRIGGER attempts_add_up AFTER INSERT ON attempts BEGIN
    INSERT INTO hourly_spend (hour_ms, cost_nano)
    VALUES (NEW.at_ms - NEW.at_ms % 3600000, NEW.cost_nano)
    ON CONFLICT (hour_ms) DO UPDATE SET cost_nano = cost_nano + excluded.cost_nano;
  END`,
];
