import { driverOf, type SqlDriver, type SqliteLibrary } from './sql-driver.js';

/** The part of node:sqlite used here; the types of the oldest Node that we support do not know the module. */
interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => SqliteLibrary;
}

/** SQLite as Node brings it; undefined on a Node that has none. */
export async function openNodeSqlite(file: string): Promise<SqlDriver | undefined> {
  const library = await loadNodeSqlite();
  return library && driverOf(new library.DatabaseSync(file));
}

async function loadNodeSqlite(): Promise<NodeSqlite | undefined> {
  const name: string = 'node:sqlite';
  try {
    return (await import(name)) as NodeSqlite;
  } catch {
    return undefined;
  }
}
