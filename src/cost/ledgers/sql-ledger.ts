import type { Clock } from '../../core/clock.js';
import type { Intent, Ledger, LedgerRow } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';
import { attemptStatements } from './attempt-statements.js';
import { queryCalls } from './call-query.js';
import { foldSome, removeEstimate } from './folding.js';
import { createProcesses, type ProcessIdentity } from './processes.js';
import { querySpend } from './spend-query.js';
import { queryUse } from './use-query.js';

export interface SqlLedgerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly process: ProcessIdentity;
}

/** What the ledger needs done now and then. */
export interface LedgerUpkeep {
  /** Says that this process is alive, and books what dead ones left open at its estimate; how many there were. */
  recover(): Promise<number>;
  /** Adds some rows to the totals; true when there may be more. */
  fold(): Promise<boolean>;
}

export interface SqlLedger extends Ledger, LedgerUpkeep {
  /** An attempt of another process counts as that process's. */
  begin(intent: Intent, processId?: string): Promise<void>;
}

/** The ledger in an SQL database. Members reject with what is wrong with the database. */
export function createSqlLedger({ database, clock, process }: SqlLedgerOptions): SqlLedger {
  const statements = attemptStatements(database.dialect);
  const processes = createProcesses(database, clock, process);
  let registering: Promise<void> | undefined;
  /** Before its first attempt: the attempts of a process nobody knows would stay open for ever. */
  const registered = (): Promise<void> => {
    registering ??= processes.register().catch((error: unknown) => {
      registering = undefined;
      throw error;
    });
    return registering;
  };
  const nowMs = () => Math.floor(clock.nowMs());
  const settle = async (attemptId: string, rows: readonly LedgerRow[]): Promise<void> => {
    const booking = rows.map((row) => statements.book(row, nowMs()));
    const results = await database.write([...booking, statements.end(attemptId)]);
    // Somebody took this process for dead and booked the estimate: the truth takes its place.
    const known = rows.filter((_, index) => results[index]?.changes === 0);
    for (const row of known) {
      const { dialect } = database;
      await database.write([...removeEstimate(dialect, row.attemptId), statements.book(row, nowMs())]);
    }
  };
  return {
    begin: async (intent, processId = process.id) => {
      await registered();
      await database.write([statements.begin(intent, processId)]);
    },
    settle,
    spend: (query) => querySpend(database, query),
    calls: (query) => queryCalls(database, query),
    use: (filter) => queryUse(database, filter),
    recover: async () => {
      await processes.register();
      return processes.recover();
    },
    fold: () => foldSome(database),
    close: async () => {
      await processes.leave().catch(() => undefined);
      await database.close();
    },
  };
}
