import type { Clock } from '../../src/core/clock.js';
import type { ProcessIdentity } from '../../src/cost/ledgers/processes.js';
import { createSqlLedger, type SqlLedger } from '../../src/cost/ledgers/sql-ledger.js';
import { createDatabase } from '../../src/storage/database.js';

/** Process 1 of a machine where nothing else runs, unless told otherwise. */
export const testProcess = (overrides: Partial<ProcessIdentity> = {}): ProcessIdentity => ({
  id: '1@here/a',
  host: 'here',
  pid: 1,
  isRunning: () => false,
  ...overrides,
});

/** The true ledger on a database in memory. */
export const memoryLedger = (clock: Clock): SqlLedger =>
  createSqlLedger({ database: createDatabase({ clock, place: { file: ':memory:' } }), clock, process: testProcess() });
