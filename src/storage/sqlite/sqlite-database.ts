import { Kysely } from 'kysely';
import type { OpenDatabase } from '../database.js';
import type { Tables } from '../tables.js';
import { sqliteDialect } from './sqlite-dialect.js';
import { inMemory } from './sqlite-file.js';
import { type SqliteThread, startSqliteThread } from './sqlite-thread.js';

/** @throws the error of SQLite when the file cannot be used. */
export async function openSqlite(file: string): Promise<OpenDatabase> {
  const writer = await startSqliteThread({ file, role: 'writer' });
  let reading: Promise<SqliteThread> | undefined;
  const reader = (): Promise<SqliteThread> => {
    // What is in memory is in the memory of one connection.
    if (file === inMemory) return Promise.resolve(writer);
    reading ??= startSqliteThread({ file, role: 'reader' }).catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
  return {
    query: new Kysely<Tables>({
      dialect: sqliteDialect({ writer: () => Promise.resolve(writer), reader }),
    }),
    write: (statements) => writer.ask({ kind: 'write', statements }),
    isUsable: writer.isAlive,
    close: async () => {
      await (await reading?.catch(() => undefined))?.close();
      await writer.close();
    },
  };
}
