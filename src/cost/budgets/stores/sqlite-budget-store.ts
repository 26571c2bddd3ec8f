import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../../core/clock.js';
import { ServiceError } from '../../../core/errors.js';
import { openLibsql } from '../../../storage/sqlite/libsql-driver.js';
import { openNodeSqlite } from '../../../storage/sqlite/node-sqlite-driver.js';
import type { SqlDriver } from '../../../storage/sqlite/sql-driver.js';
import { inTransaction } from '../../../storage/sqlite/transaction.js';
import type {
  AlertFlags,
  BookingLine,
  BookingOutcome,
  BudgetStore,
  CounterState,
  HoldLine,
  HoldOutcome,
  Seed,
} from '../budget-store.js';
import { bookedForMs } from './budget-scripts.js';

const inMemory = ':memory:';
const busyTimeoutMs = 2_000;
const keptAfterMs = 3 * 86_400_000;

const tables = `
  CREATE TABLE IF NOT EXISTS counters (
    counter TEXT PRIMARY KEY,
    spent INTEGER,
    forgotten_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hold_lines (
    id TEXT NOT NULL,
    counter TEXT NOT NULL,
    amount INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (id, counter)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS hold_lines_by_counter ON hold_lines (counter, expires_at_ms, amount);
  CREATE INDEX IF NOT EXISTS hold_lines_by_expiry ON hold_lines (expires_at_ms);
  CREATE TABLE IF NOT EXISTS booked (
    id TEXT NOT NULL,
    counter TEXT NOT NULL,
    forgotten_at_ms INTEGER NOT NULL,
    PRIMARY KEY (id, counter)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS booked_by_age ON booked (forgotten_at_ms);
  CREATE TABLE IF NOT EXISTS alerts (counter TEXT NOT NULL, alert TEXT NOT NULL, PRIMARY KEY (counter, alert)) STRICT;
`;

export interface SqliteBudgetStoreOptions {
  /** Path of the database, or `:memory:`. */
  readonly file: string;
  readonly clock: Clock;
}

export interface SqliteBudgetStore extends BudgetStore, AlertFlags {
  close(): void;
}

/**
 * Counters for the server processes of one machine. The ledger holds the truth and seeds them, so that no step waits for
 * the disk: what a power cut takes back is noticed and seeded anew.
 * @throws ServiceError internal when the file cannot be used.
 */
export async function openSqliteBudgetStore({ file, clock }: SqliteBudgetStoreOptions): Promise<SqliteBudgetStore> {
  try {
    if (file !== inMemory) await mkdir(dirname(resolve(file)), { recursive: true, mode: 0o700 });
    const driver = (await openNodeSqlite(file)) ?? (await openLibsql(file));
    driver.all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
    driver.all('PRAGMA journal_mode = WAL', []);
    driver.execute('PRAGMA synchronous = NORMAL');
    inTransaction(driver, () => driver.execute(tables));
    return storeOn(driver, clock);
  } catch (error) {
    throw storeError(error);
  }
}

const storeError = (cause: unknown): ServiceError =>
  new ServiceError('internal', 'The budgets cannot be checked, because their file cannot be read or written.', {
    remedy: 'The operator has to check the disk under BEDROCK_DATA_DIR; run `kairos-bedrock-mcp doctor`.',
    cause,
  });

function storeOn(driver: SqlDriver, clock: Clock): SqliteBudgetStore {
  const step = async <T>(work: () => T): Promise<T> => {
    try {
      return inTransaction(driver, work);
    } catch (error) {
      throw storeError(error);
    }
  };
  return {
    hold: (id, leaseMs, lines) => step(() => hold(driver, id, leaseMs, lines, clock.nowMs())),
    renew: (id, leaseMs, lines) => step(() => renew(driver, id, leaseMs, lines, clock.nowMs())),
    settle: (id, lines) => step(() => settle(driver, id, lines, clock.nowMs())),
    seed: (seed) => step(() => plant(driver, seed, clock.nowMs())),
    unseed: (counter, own) =>
      step(() => {
        driver.run('UPDATE counters SET spent = NULL WHERE counter = ? AND spent = ?', [counter, own]);
      }),
    states: (counters) => step(() => counters.map((counter) => stateOf(driver, counter, clock.nowMs()))),
    // The file outlives every process that has it open.
    epoch: async () => 'file',
    raise: (counter, alert) =>
      step(() => changed(driver, 'INSERT OR IGNORE INTO alerts VALUES (?, ?)', counter, alert)),
    lower: (counter, alert) =>
      step(() => changed(driver, 'DELETE FROM alerts WHERE counter = ? AND alert = ?', counter, alert)),
    raised: () =>
      step(() =>
        driver.all('SELECT counter, alert FROM alerts', []).map((row) => ({
          counter: String(row['counter']),
          alert: String(row['alert']),
        })),
      ),
    close: () => driver.close(),
  };
}

function hold(driver: SqlDriver, id: string, leaseMs: number, lines: readonly HoldLine[], nowMs: number): HoldOutcome {
  if (exists(driver, 'SELECT 1 FROM booked WHERE id = ?', id)) return { outcome: 'settled' };
  const unseeded = unseededOf(driver, lines);
  if (unseeded.length > 0) return { outcome: 'unseeded', counters: unseeded };
  forget(driver, nowMs);
  const known = exists(driver, 'SELECT 1 FROM hold_lines WHERE id = ?', id);
  const states = () => lines.map(({ counter }) => knownState(driver, counter, nowMs));
  if (!known) {
    const before = states();
    const refused = lines.flatMap(({ amount, limit }, index) => {
      const { spent = 0, reserved = 0 } = before[index] ?? {};
      return limit !== undefined && spent + reserved + amount > limit ? [index] : [];
    });
    if (refused.length > 0) return { outcome: 'refused', refused, states: before };
    putHold(driver, id, leaseMs, lines, nowMs);
  }
  return { outcome: 'admitted', states: states() };
}

function renew(driver: SqlDriver, id: string, leaseMs: number, lines: readonly HoldLine[], nowMs: number): void {
  if (!exists(driver, 'SELECT 1 FROM booked WHERE id = ?', id)) putHold(driver, id, leaseMs, lines, nowMs);
}

function putHold(driver: SqlDriver, id: string, leaseMs: number, lines: readonly HoldLine[], nowMs: number): void {
  for (const { counter, amount } of lines) {
    driver.run(
      `INSERT INTO hold_lines (id, counter, amount, expires_at_ms) VALUES (?, ?, ?, ?)
      ON CONFLICT (id, counter) DO UPDATE SET expires_at_ms = excluded.expires_at_ms`,
      [id, counter, amount, Math.ceil(nowMs + leaseMs)],
    );
  }
}

function settle(driver: SqlDriver, id: string, lines: readonly BookingLine[], nowMs: number): BookingOutcome {
  const unseeded = unseededOf(driver, lines);
  if (unseeded.length > 0) return { unseeded, states: [] };
  driver.run('DELETE FROM hold_lines WHERE id = ?', [id]);
  book(driver, id, '', nowMs);
  for (const { counter, amount } of lines) {
    if (book(driver, id, counter, nowMs)) {
      driver.run('UPDATE counters SET spent = spent + ? WHERE counter = ?', [amount, counter]);
    }
  }
  return { unseeded, states: lines.map(({ counter }) => knownState(driver, counter, nowMs)) };
}

/** True when the id was not booked in the counter before. */
function book(driver: SqlDriver, id: string, counter: string, nowMs: number): boolean {
  if (exists(driver, 'SELECT 1 FROM booked WHERE id = ? AND counter = ?', id, counter)) return false;
  driver.run('INSERT INTO booked VALUES (?, ?, ?)', [id, counter, nowMs + bookedForMs]);
  return true;
}

function plant(driver: SqlDriver, { counter, endsAtMs, spent, booked, open }: Seed, nowMs: number): void {
  if (unseededOf(driver, [{ counter }]).length === 0) return;
  driver.run(
    `INSERT INTO counters (counter, spent, forgotten_at_ms) VALUES (?, ?, ?)
    ON CONFLICT (counter) DO UPDATE SET spent = excluded.spent`,
    [counter, spent, Math.max(endsAtMs, nowMs) + keptAfterMs],
  );
  for (const id of booked) book(driver, id, counter, nowMs);
  for (const { id, amount, leaseMs } of open) {
    if (!exists(driver, 'SELECT 1 FROM booked WHERE id = ?', id)) {
      driver.run('INSERT OR IGNORE INTO hold_lines VALUES (?, ?, ?, ?)', [
        id,
        counter,
        amount,
        Math.ceil(nowMs + leaseMs),
      ]);
    }
  }
}

function forget(driver: SqlDriver, nowMs: number): void {
  driver.run('DELETE FROM hold_lines WHERE expires_at_ms <= ?', [nowMs]);
  driver.run('DELETE FROM booked WHERE forgotten_at_ms <= ?', [nowMs]);
  driver.run('DELETE FROM counters WHERE forgotten_at_ms <= ?', [nowMs]);
}

const unseededOf = (driver: SqlDriver, lines: readonly { readonly counter: string }[]): string[] =>
  lines
    .map(({ counter }) => counter)
    .filter((counter) => !exists(driver, 'SELECT 1 FROM counters WHERE counter = ? AND spent IS NOT NULL', counter));

function stateOf(driver: SqlDriver, counter: string, nowMs: number): CounterState | undefined {
  const spent = driver.all('SELECT spent FROM counters WHERE counter = ?', [counter])[0]?.['spent'];
  return spent === undefined || spent === null ? undefined : knownState(driver, counter, nowMs);
}

function knownState(driver: SqlDriver, counter: string, nowMs: number): CounterState {
  const [row] = driver.all(
    `SELECT (SELECT spent FROM counters WHERE counter = ?) AS spent,
      (SELECT SUM(amount) FROM hold_lines WHERE counter = ? AND expires_at_ms > ?) AS reserved`,
    [counter, counter, nowMs],
  );
  const spent = Number(row?.['spent'] ?? 0);
  return { spent, reserved: Number(row?.['reserved'] ?? 0), own: spent };
}

const exists = (driver: SqlDriver, sql: string, ...parameters: readonly string[]): boolean =>
  driver.all(sql, parameters).length > 0;

function changed(driver: SqlDriver, sql: string, counter: string, alert: string): boolean {
  driver.run(sql, [counter, alert]);
  return Number(driver.all('SELECT changes() AS count', [])[0]?.['count'] ?? 0) > 0;
}
