import type { SqlDriver } from '../sqlite/sql-driver.js';
import { inTransaction } from '../sqlite/transaction.js';
import { sqliteWords } from './migration.js';
import { migrations } from './migrations.js';
import { newerVersion } from './newer-version.js';

/**
 * Brings the file to the version of this program. Safe when several processes start at once: one does it, the others wait.
 * @throws when a newer program wrote the file, which is then left as it is.
 */
export function migrateSqlite(driver: SqlDriver): void {
  inTransaction(driver, () => {
    const version = Number(driver.all('PRAGMA user_version', [])[0]?.['user_version'] ?? 0);
    if (version > migrations.length) throw newerVersion(version);
    for (const { statements } of migrations.slice(version)) {
      for (const statement of statements(sqliteWords)) driver.execute(statement);
    }
    driver.execute(`PRAGMA user_version = ${migrations.length}`);
  });
}
