import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import type { BudgetState, BudgetWindow, Hold, Ledger, LedgerRow, ReserveOutcome } from '../../core/ports.js';
import type { NanoUsd } from '../../core/response.js';
import { openLibsql } from '../../storage/sqlite/libsql-driver.js';
import { openNodeSqlite } from '../../storage/sqlite/node-sqlite-driver.js';
import type { SqlDriver, SqlValue } from '../../storage/sqlite/sql-driver.js';
import { inTransaction } from '../../storage/sqlite/transaction.js';
import { hourMs } from '../day-window.js';
import { attemptParameters, insertAttempt, insertTag, selectSpend, spendGroup } from './ledger-rows.js';
import { migrate } from './schema.js';
import { usedBy } from './spend-use.js';

const inMemory = ':memory:';
/** How long a statement waits for another process. It blocks this thread, hence short. */
const busyTimeoutMs = 2_000;
const openAttempts = 5;
const openRetryMs = 100;

export interface SqliteLedgerOptions {
  /** Path of the database, or `:memory:`. Missing directories are made, for their owner only. */
  readonly file: string;
  readonly clock: Clock;
}

/**
 * The embedded ledger: an SQLite file that several processes may share.
 * @throws ServiceError internal when the file cannot be used; members reject with the same.
 */
export async function openSqliteLedger({ file, clock }: SqliteLedgerOptions): Promise<Ledger> {
  try {
    if (file !== inMemory) await mkdir(dirname(resolve(file)), { recursive: true, mode: 0o700 });
    return ledgerOn(await openDatabase(file, clock), clock);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw new ServiceError('internal', 'The cost ledger cannot be opened.', {
      remedy: 'Make sure that BEDROCK_DATA_DIR names a directory that this server may write to, on a disk with space.',
      cause: error,
    });
  }
}

async function openDatabase(file: string, clock: Clock): Promise<SqlDriver> {
  const driver = (await openNodeSqlite(file)) ?? (await openLibsql(file));
  for (let attempt = 1; ; attempt += 1) {
    try {
      prepareDatabase(driver);
      return driver;
    } catch (error) {
      // Two processes that switch a new file to WAL at once: SQLite refuses one without waiting.
      if (attempt === openAttempts || !isBusy(error)) {
        driver.close();
        throw error;
      }
      await clock.sleep(openRetryMs);
    }
  }
}

function prepareDatabase(driver: SqlDriver): void {
  driver.all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
  driver.all('PRAGMA journal_mode = WAL', []);
  driver.execute('PRAGMA synchronous = FULL');
  driver.execute('PRAGMA foreign_keys = ON');
  migrate(driver);
}

const isBusy = (error: unknown): boolean => error instanceof Error && /locked|busy/i.test(error.message);

function ledgerOn(driver: SqlDriver, clock: Clock): Ledger {
  let open = true;
  const guarded = async <T>(work: () => T): Promise<T> => {
    try {
      return work();
    } catch (error) {
      throw new ServiceError('internal', 'The cost ledger could not be read or written.', {
        remedy: 'The operator has to check the disk under BEDROCK_DATA_DIR; run `kairos-bedrock-mcp doctor`.',
        cause: error,
      });
    }
  };
  return {
    reserve: (hold, window) => guarded(() => inTransaction(driver, () => reserve(driver, hold, window, clock.nowMs()))),
    settle: (holdId, rows) => guarded(() => inTransaction(driver, () => settle(driver, holdId, rows, clock.nowMs()))),
    budgetState: (window) => guarded(() => budgetState(driver, window, clock.nowMs())),
    spend: ({ fromMs, toMs, groupBy }) =>
      guarded(() => driver.all(selectSpend(groupBy), [fromMs, toMs]).map(spendGroup)),
    use: (filter) => guarded(() => inTransaction(driver, () => usedBy(driver, filter))),
    close: () =>
      guarded(() => {
        if (open) driver.close();
        open = false;
      }),
  };
}

function reserve(driver: SqlDriver, hold: Hold, window: BudgetWindow, nowMs: number): ReserveOutcome {
  driver.run('DELETE FROM holds WHERE expires_at_ms <= ?', [nowMs]);
  const known = driver.all('SELECT 1 AS known FROM holds WHERE hold_id = ?', [hold.id]).length > 0;
  if (known) return { admitted: true };
  if (window.limit !== undefined) {
    const state = budgetState(driver, window, nowMs);
    if (state.spent + state.reserved + hold.amount > window.limit) return { admitted: false, ...state };
  }
  driver.run('INSERT INTO holds (hold_id, amount_nano, expires_at_ms) VALUES (?, ?, ?)', [
    hold.id,
    hold.amount,
    Math.ceil(hold.expiresAtMs),
  ]);
  return { admitted: true };
}

function settle(driver: SqlDriver, holdId: string, rows: readonly LedgerRow[], nowMs: number): void {
  for (const row of rows) {
    driver.run(insertAttempt, attemptParameters(row, nowMs));
    for (const [name, value] of Object.entries(row.tags)) driver.run(insertTag, [row.attemptId, name, value]);
  }
  driver.run('DELETE FROM holds WHERE hold_id = ?', [holdId]);
}

function budgetState(driver: SqlDriver, window: BudgetWindow, nowMs: number): BudgetState {
  const reserved = sum(driver, 'SELECT SUM(amount_nano) AS total FROM holds WHERE expires_at_ms > ?', [nowMs]);
  return { spent: spentIn(driver, window.fromMs, window.toMs), reserved };
}

/** Whole hours from the sums, the parts of hours at both ends from the rows. */
function spentIn(driver: SqlDriver, fromMs: number, toMs: number): NanoUsd {
  const rows = (start: number, end: number): NanoUsd =>
    sum(driver, 'SELECT SUM(cost_nano) AS total FROM attempts WHERE at_ms >= ? AND at_ms < ?', [start, end]);
  const firstHour = Math.ceil(fromMs / hourMs) * hourMs;
  const lastHour = Math.floor(toMs / hourMs) * hourMs;
  if (firstHour >= lastHour) return rows(fromMs, toMs);
  const hours = sum(driver, 'SELECT SUM(cost_nano) AS total FROM hourly_spend WHERE hour_ms >= ? AND hour_ms < ?', [
    firstHour,
    lastHour,
  ]);
  const head = firstHour > fromMs ? rows(fromMs, firstHour) : 0;
  const tail = toMs > lastHour ? rows(lastHour, toMs) : 0;
  return head + hours + tail;
}

function sum(driver: SqlDriver, sql: string, parameters: readonly SqlValue[]): number {
  return Number(driver.all(sql, parameters)[0]?.['total'] ?? 0);
}
