import type { Database } from '../../storage/database.js';
import type { Statement } from '../../storage/sqlite/sql-driver.js';
import { addToTotals } from './totals.js';

/** Rows of one step: few enough that a call which waits for its commit does not notice. */
const rowsAStep = 400;
/** Any number that no other program in the database uses for the same. */
const foldingLock = 7_305_118;

const plain = (sql: string): Statement => ({ sql, parameters: [] });

/** Servers that share a database fold one after the other. */
const locked: Readonly<Record<Database['dialect'], readonly Statement[]>> = {
  sqlite: [],
  postgres: [plain(`SELECT pg_advisory_xact_lock(${foldingLock})`)],
};

/**
 * Adds rows that are not yet part of the totals, all of it or nothing. A report adds those rows itself, so that it is
 * right whether this runs early, late or never.
 * @returns whether there may be more.
 */
export async function foldSome(database: Database): Promise<boolean> {
  const { dialect } = database;
  const results = await database.write([
    ...locked[dialect],
    plain(`UPDATE attempts SET unfolded = 2 WHERE attempt_id IN
      (SELECT attempt_id FROM attempts WHERE unfolded = 1 ORDER BY at_ms LIMIT ${rowsAStep})`),
    ...addToTotals(dialect, 'attempts.unfolded = 2').map(plain),
    plain('UPDATE attempts SET unfolded = NULL WHERE unfolded = 2'),
  ]);
  return results.at(-1)?.changes === rowsAStep;
}

/** Removes the row of an attempt that was booked at its estimate, from the totals too. */
export function removeEstimate(dialect: Database['dialect'], attemptId: string): readonly Statement[] {
  const mark = dialect === 'sqlite' ? '?' : '$1';
  const parameters = [attemptId];
  const where = `attempts.attempt_id = ${mark} AND attempts.recovered = 1`;
  return [
    ...locked[dialect],
    ...addToTotals(dialect, `${where} AND attempts.unfolded IS NULL`, -1).map((sql) => ({ sql, parameters })),
    { sql: `DELETE FROM attempts WHERE attempts.attempt_id = ${mark} AND attempts.recovered = 1`, parameters },
  ];
}
