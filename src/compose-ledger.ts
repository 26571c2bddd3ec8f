import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ApplicationOptions } from './compose.js';
import type { ServerEvent } from './core/events.js';
import type { HealthCheck } from './core/ports.js';
import { createLedgerCheck } from './cost/ledgers/ledger-check.js';
import type { ProcessIdentity } from './cost/ledgers/processes.js';
import { createRetryingLedger, type RetryingLedger } from './cost/ledgers/retrying-ledger.js';
import { createSpool } from './cost/ledgers/spool.js';
import { createSpoolingLedger, type SpoolingLedger } from './cost/ledgers/spooling-ledger.js';
import { createSqlLedger, type LedgerUpkeep, type SqlLedger } from './cost/ledgers/sql-ledger.js';
import { startLedgerUpkeep } from './cost/ledgers/upkeep.js';
import { createDatabase, type Database } from './storage/database.js';

export interface OpenedLedger {
  readonly ledger: RetryingLedger;
  readonly check: HealthCheck;
  /** Where it is; others may keep things in it too. */
  readonly database: Database;
  /** Writes what waits, then closes. */
  close(): Promise<void>;
}

/** The ledger where the settings want it. Nothing is opened before it is used, so nothing can fail here. */
export function openLedger(options: ApplicationOptions, onServerEvent: (event: ServerEvent) => void): OpenedLedger {
  const { settings, clock, logger, random } = options;
  const { dataDir, databaseUrl, ledgerOnLoss: onLoss } = settings.storage;
  const own = thisProcess(random.id());
  // What the sandbox pretends to cost must not use up a real budget, or be seen by other servers.
  const file = join(dataDir, settings.sandbox ? 'ledger-sandbox.db' : 'ledger.db');
  const local = createDatabase({ clock, place: { file } });
  const { inner, upkeep, database, spooling } =
    databaseUrl === undefined || settings.sandbox
      ? localLedger(local, createSqlLedger({ database: local, clock, process: own }))
      : remoteLedger(options, onServerEvent, own, local, createDatabase({ clock, place: { url: databaseUrl } }));
  const ledger = createRetryingLedger({ ledger: inner, logger, onLoss });
  const catchUp = async (): Promise<void> => {
    await ledger.flush();
    await spooling?.catchUp();
  };
  const running = startLedgerUpkeep({ ledger: upkeep, catchUp, clock, logger });
  return {
    ledger,
    database,
    check: createLedgerCheck({ database, spooled: () => spooling?.waiting() ?? 0, unwritten: ledger.pending }),
    close: async () => {
      await running.stop();
      await ledger.close();
    },
  };
}

interface LedgerParts {
  readonly inner: SqlLedger | SpoolingLedger;
  readonly upkeep: LedgerUpkeep;
  readonly database: Database;
  readonly spooling?: SpoolingLedger;
}

const localLedger = (database: Database, ledger: SqlLedger): LedgerParts => ({
  inner: ledger,
  upkeep: ledger,
  database,
});

function remoteLedger(
  { clock, logger }: ApplicationOptions,
  onServerEvent: (event: ServerEvent) => void,
  own: ProcessIdentity,
  local: Database,
  database: Database,
): LedgerParts {
  const remote = createSqlLedger({ database, clock, process: own });
  const spool = createSpool(local, own.id);
  const spooling = createSpoolingLedger({ remote, spool, processId: own.id, clock, logger, onServerEvent });
  const recover = async (): Promise<number> => {
    await spool.adopt((id) => id !== own.id && isGone(id, own));
    return remote.recover();
  };
  return { inner: spooling, upkeep: { recover, fold: remote.fold }, database, spooling };
}

const thisProcess = (id: string): ProcessIdentity => ({
  id: `${process.pid}@${hostname()}/${id}`,
  host: hostname(),
  pid: process.pid,
  isRunning,
});

/** A process of this machine that has ended; its number may be ours by now. */
function isGone(processId: string, own: ProcessIdentity): boolean {
  const [, pid, host] = /^(\d+)@(.*)\/[^/]*$/.exec(processId) ?? [];
  return host === own.host && (Number(pid) === own.pid || !isRunning(Number(pid)));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
