import type { SqlDriver } from './sql-driver.js';

/** Runs the work with the write lock held from the start, so that what it reads cannot change before it writes. */
export function inTransaction<T>(driver: SqlDriver, work: () => T): T {
  driver.execute('BEGIN IMMEDIATE');
  try {
    const result = work();
    driver.execute('COMMIT');
    return result;
  } catch (error) {
    rollBack(driver);
    throw error;
  }
}

function rollBack(driver: SqlDriver): void {
  try {
    driver.execute('ROLLBACK');
  } catch {
    // After some failures (a full disk) SQLite has already rolled back; the first error is the one to tell.
  }
}
