import { ServiceError } from '../../core/errors.js';
import type { SqlDriver } from '../../storage/sqlite/sql-driver.js';
import { inTransaction } from '../../storage/sqlite/transaction.js';

/*
 * Each entry brings the file from its index to the next version; entries are never changed once released.
 * `hourly_spend` is kept by a trigger, in the transaction of the row itself, so that it can never differ from the rows.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE attempts (
    attempt_id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    caller TEXT NOT NULL,
    task TEXT,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    region TEXT NOT NULL,
    profile TEXT,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL,
    usage_estimated INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    cost_estimated INTEGER NOT NULL,
    saved_nano INTEGER NOT NULL,
    latency_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX attempts_by_time ON attempts (at_ms, cost_nano);

  CREATE TABLE attempt_tags (
    attempt_id TEXT NOT NULL REFERENCES attempts (attempt_id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (attempt_id, name)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE holds (
    hold_id TEXT PRIMARY KEY,
    amount_nano INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX holds_by_expiry ON holds (expires_at_ms);

  CREATE TABLE hourly_spend (
    hour_ms INTEGER PRIMARY KEY,
    cost_nano INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER attempts_add_up AFTER INSERT ON attempts BEGIN
    INSERT INTO hourly_spend (hour_ms, cost_nano)
    VALUES (NEW.at_ms - NEW.at_ms % 3600000, NEW.cost_nano)
    ON CONFLICT (hour_ms) DO UPDATE SET cost_nano = cost_nano + excluded.cost_nano;
  END;
  `,
  `
  ALTER TABLE attempts ADD COLUMN session TEXT;
  ALTER TABLE attempts ADD COLUMN written_at_ms INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX attempts_by_writing ON attempts (written_at_ms);
  `,
];

/**
 * Brings the file to the version of this program. Safe when several processes start at once.
 * @throws ServiceError internal when a newer program wrote the file.
 */
export function migrate(driver: SqlDriver): void {
  inTransaction(driver, () => {
    const version = Number(driver.all('PRAGMA user_version', [])[0]?.['user_version'] ?? 0);
    if (version > migrations.length) throw newerVersionError();
    for (const statements of migrations.slice(version)) driver.execute(statements);
    driver.execute(`PRAGMA user_version = ${migrations.length}`);
  });
}

const newerVersionError = (): ServiceError =>
  new ServiceError('internal', 'The cost ledger was written by a newer version of this server.', {
    remedy: 'Start the newer version again, or point BEDROCK_DATA_DIR at another directory.',
  });
