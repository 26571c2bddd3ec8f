import { driverOf, type SqlDriver } from './sql-driver.js';

/** SQLite through the prebuilt libsql package, for a Node without a database of its own. */
export async function openLibsql(file: string): Promise<SqlDriver> {
  const { default: Database } = await import('libsql');
  return driverOf(new Database(file));
}
