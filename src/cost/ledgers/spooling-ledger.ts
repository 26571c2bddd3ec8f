import type { Clock } from '../../core/clock.js';
import type { ServerEvent } from '../../core/events.js';
import type { Ledger } from '../../core/ledger.js';
import type { Logger } from '../../core/ports.js';
import type { Spool, SpoolEntry } from './spool.js';
import type { SqlLedger } from './sql-ledger.js';

/** How long a call waits for the remote database before its step goes to the local file. */
const remoteLimitMs = 2_000;

export interface SpoolingLedgerOptions {
  readonly remote: SqlLedger;
  readonly spool: Spool;
  readonly processId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onServerEvent: (event: ServerEvent) => void;
}

export interface SpoolingLedger extends Ledger {
  /** Sends what waits, for as long as the remote database takes it. Never rejects. */
  catchUp(): Promise<void>;
  /** Steps that wait in the local file. */
  waiting(): number;
}

/**
 * A ledger in a remote database that may be away: steps then wait in a local file and follow by themselves, in their order.
 * A step that may have arrived is sent again; all of them are safe to repeat.
 */
export function createSpoolingLedger(options: SpoolingLedgerOptions): SpoolingLedger {
  const { remote, spool, processId, clock, logger, onServerEvent } = options;
  let isAway = false;
  let adding = 0;
  let catchingUp: Promise<void> | undefined;

  const take = (entry: SpoolEntry): Promise<void> => {
    const work =
      entry.step === 'begin' ? remote.begin(entry.intent, entry.processId) : remote.settle(entry.attemptId, entry.rows);
    return within(work, clock);
  };
  const lose = (error: unknown): void => {
    if (!isAway) {
      logger.error('The database of the ledger is away; what is spent waits in the local file.', { error });
      onServerEvent({ type: 'store-degraded', store: 'ledger', why: 'the database cannot be reached' });
    }
    isAway = true;
  };
  const keep = async (entry: SpoolEntry): Promise<void> => {
    adding += 1;
    try {
      await spool.add(entry);
    } finally {
      adding -= 1;
    }
  };
  // While anything waits, everything does: an attempt must not end before it has begun.
  const step = async (entry: SpoolEntry): Promise<void> => {
    if (isAway || adding > 0 || spool.count() > 0) return keep(entry);
    try {
      await take(entry);
    } catch (error) {
      lose(error);
      await keep(entry);
    }
  };
  const send = async (): Promise<void> => {
    try {
      while ((await spool.send(take)) > 0);
      await within(remote.recover(), clock);
      if (isAway && spool.count() === 0 && adding === 0) {
        isAway = false;
        logger.info('The database of the ledger is back and has all that waited.');
        onServerEvent({ type: 'store-recovered', store: 'ledger' });
      }
    } catch (error) {
      lose(error);
    }
  };

  return {
    begin: (intent) => step({ step: 'begin', intent, processId }),
    settle: (attemptId, rows) => step({ step: 'settle', attemptId, rows }),
    spend: remote.spend,
    calls: remote.calls,
    use: remote.use,
    waiting: spool.count,
    catchUp: async () => {
      if (!isAway && spool.count() === 0) return;
      catchingUp ??= send().finally(() => {
        catchingUp = undefined;
      });
      await catchingUp;
    },
    close: async () => {
      await catchingUp;
      if (spool.count() > 0) await send();
      await Promise.allSettled([remote.close(), spool.close()]);
    },
  };
}

async function within<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const ended = new AbortController();
  const late = clock.sleep(remoteLimitMs, ended.signal).then(() => {
    throw new Error('The database did not answer in time (timeout).');
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}
