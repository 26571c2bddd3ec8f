import type { Clock } from '../core/clock.js';
import type { LedgerRow } from '../core/ledger.js';
import type { Logger } from '../core/ports.js';
import type { RetryingLedger } from './ledgers/retrying-ledger.js';

/** So much later, at most, a hit is in the ledger: it spent nothing, so that nobody has to wait for it. */
const longestWaitMs = 250;
const mostWaiting = 200;

/** Books the calls that the cache answered, many at a time: to write each by itself costs more than to answer it. */
export interface HitBook {
  add(row: LedgerRow): void;
  /** Books what waits. Never rejects. */
  flush(): Promise<void>;
}

export interface HitBookOptions {
  readonly ledger: Pick<RetryingLedger, 'settle'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export function createHitBook({ ledger, clock, logger }: HitBookOptions): HitBook {
  let waiting: LedgerRow[] = [];
  /** The last write; each follows the one before it, so that who waits for it has waited for all. */
  let writing: Promise<void> = Promise.resolve();

  const write = async (rows: readonly LedgerRow[]): Promise<void> => {
    const [first] = rows;
    if (!first) return;
    try {
      await ledger.settle(first.attemptId, rows);
    } catch (error) {
      logger.error('Cache hits could not be booked.', { error, hits: rows.length, requestId: first.requestId });
    }
  };
  const flush = (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    writing = writing.then(() => write(rows));
    return writing;
  };
  return {
    flush,
    add: (row) => {
      waiting.push(row);
      if (waiting.length >= mostWaiting) void flush();
      else if (waiting.length === 1) clock.sleep(longestWaitMs).then(flush, () => undefined);
    },
  };
}
