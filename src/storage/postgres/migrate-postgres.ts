import type pg from 'pg';
import { postgresWords } from '../migrations/migration.js';
import { migrations } from '../migrations/migrations.js';
import { newerVersion } from '../migrations/newer-version.js';

/** Any number that no other program on the server uses for the same. */
const migrationLock = 7_305_117;

/**
 * Brings the database to the version of this program. Safe when several servers start at once: one does it, the others
 * wait.
 * @throws when a newer program has used the database, which is then left as it is.
 */
export async function migratePostgres(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await client.query('CREATE TABLE IF NOT EXISTS kairos_bedrock_version (version BIGINT NOT NULL)');
    const { rows } = await client.query<{ version: number }>('SELECT version FROM kairos_bedrock_version');
    const version = rows[0]?.version ?? 0;
    if (version > migrations.length) throw newerVersion(version);
    for (const { statements } of migrations.slice(version)) {
      for (const statement of statements(postgresWords)) await client.query(statement);
    }
    await client.query('DELETE FROM kairos_bedrock_version');
    await client.query('INSERT INTO kairos_bedrock_version (version) VALUES ($1)', [migrations.length]);
    await client.query('COMMIT');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}
