import { sql } from 'kysely';
import { toServiceError } from '../../core/errors.js';
import type { CheckResult, HealthCheck } from '../../core/ports.js';
import type { Database } from '../../storage/database.js';

export interface LedgerCheckOptions {
  readonly database: Database;
  /** Steps that wait in the local file for a remote database. */
  readonly spooled: () => number;
  /** Settlements that wait in memory, because nothing can be written. */
  readonly unwritten: () => number;
}

/** Whether the database of the ledger works, and what waits for it. */
export function createLedgerCheck({ database, spooled, unwritten }: LedgerCheckOptions): HealthCheck {
  const name = database.dialect === 'postgres' ? 'PostgreSQL' : 'SQLite in BEDROCK_DATA_DIR';
  const waiting = (): string => {
    const parts = [
      ...(spooled() > 0 ? [`${spooled()} steps wait in the local file`] : []),
      ...(unwritten() > 0 ? [`${unwritten()} settlements wait in memory`] : []),
    ];
    return parts.length > 0 ? ` ${parts.join(' and ')}; they are written by themselves.` : '';
  };
  return {
    name: 'ledger',
    run: async (): Promise<CheckResult> => {
      try {
        await database.run((kysely) => sql`SELECT 1`.execute(kysely));
      } catch (error) {
        const { message, remedy } = toServiceError(error);
        return { status: 'degraded', detail: `${name}: ${message}${waiting()}`, remedy };
      }
      const waits = waiting();
      return waits === ''
        ? { status: 'healthy', detail: `${name} can be used.` }
        : { status: 'degraded', detail: `${name} can be used.${waits}`, remedy: 'Nothing has to be done.' };
    },
  };
}
