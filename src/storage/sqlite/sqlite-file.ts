import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrateSqlite } from '../migrations/migrate-sqlite.js';
import { openLibsql } from './libsql-driver.js';
import { openNodeSqlite } from './node-sqlite-driver.js';
import type { SqlDriver } from './sql-driver.js';
import type { WorkerOptions } from './worker-protocol.js';

export const inMemory = ':memory:';
/** How long a statement waits for another process; it holds up this thread only. */
const busyTimeoutMs = 2_000;
const openAttempts = 5;
const openRetryMs = 100;
/** The log of changes is cut back to this size when it is empty, bytes. */
const keptLogBytes = 64_000_000;

/** Opens the file, makes it and its directory where missing (for their owner only), and brings its tables up to date. */
export async function openSqliteFile({ file, role }: WorkerOptions): Promise<SqlDriver> {
  if (file !== inMemory) await mkdir(dirname(resolve(file)), { recursive: true, mode: 0o700 });
  const driver = (await openNodeSqlite(file)) ?? (await openLibsql(file));
  for (let attempt = 1; ; attempt += 1) {
    try {
      prepare(driver, role);
      return driver;
    } catch (error) {
      // Two processes that switch a new file to WAL at once: SQLite refuses one without waiting.
      if (attempt === openAttempts || !isBusy(error)) {
        driver.close();
        throw error;
      }
      await sleep(openRetryMs);
    }
  }
}

function prepare(driver: SqlDriver, role: WorkerOptions['role']): void {
  driver.all(`PRAGMA busy_timeout = ${busyTimeoutMs}`, []);
  if (role === 'reader') {
    driver.execute('PRAGMA query_only = ON');
    return;
  }
  driver.all('PRAGMA journal_mode = WAL', []);
  driver.all(`PRAGMA journal_size_limit = ${keptLogBytes}`, []);
  driver.execute('PRAGMA synchronous = FULL');
  driver.execute('PRAGMA foreign_keys = ON');
  migrateSqlite(driver);
}

const isBusy = (error: unknown): boolean => error instanceof Error && /locked|busy/i.test(error.message);
