import type { Ledger, LedgerRow } from '../../core/ledger.js';
import type { Logger } from '../../core/ports.js';

/** A ledger whose `settle` never rejects: what cannot be written now is kept and written later. */
export interface RetryingLedger extends Ledger {
  /** Settlements that wait for the ledger to work again. */
  pending(): number;
  /** Tries what waits. Never rejects. */
  flush(): Promise<void>;
}

/** What a call does while the ledger cannot take its intent: `open` goes on without one, `closed` refuses the call. */
export const ledgerLossPolicies = ['open', 'closed'] as const;
export type LedgerLossPolicy = (typeof ledgerLossPolicies)[number];

export interface RetryingLedgerOptions {
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** Default `open`. */
  readonly onLoss?: LedgerLossPolicy;
  /** How many settlements may wait; beyond it the oldest is given up and logged in full. Default 10,000. */
  readonly maxPending?: number;
}

interface Settlement {
  readonly holdId: string;
  readonly rows: readonly LedgerRow[];
}

/**
 * An answer that was paid for is worth more to its caller than its row in the ledger, so a failed settle is not the
 * caller's failure. Each later settle, and `close`, first tries what waits; writing twice is harmless, rows are unique.
 */
export function createRetryingLedger(options: RetryingLedgerOptions): RetryingLedger {
  const { ledger, logger, onLoss = 'open', maxPending = 10_000 } = options;
  const waiting = new Set<Settlement>();
  let draining: Promise<void> | undefined;

  const postpone = (settlement: Settlement, error: unknown): void => {
    logger.error('The cost of a call could not be booked; it is tried again.', { error, waiting: waiting.size + 1 });
    waiting.add(settlement);
    const [oldest] = waiting;
    if (waiting.size <= maxPending || !oldest) return;
    waiting.delete(oldest);
    logger.error('A booking was given up, because too many wait.', { settlement: oldest });
  };

  const drainOnce = async (): Promise<void> => {
    for (const settlement of waiting) {
      await ledger.settle(settlement.holdId, settlement.rows);
      waiting.delete(settlement);
    }
  };
  const drain = (): Promise<void> => {
    draining ??= drainOnce()
      .catch((error: unknown) => logger.warn('Bookings still wait for the ledger.', { error, waiting: waiting.size }))
      .finally(() => {
        draining = undefined;
      });
    return draining;
  };

  return {
    ...ledger,
    begin: async (intent) => {
      try {
        await ledger.begin(intent);
      } catch (error) {
        if (onLoss === 'closed') throw error;
        logger.warn('A call goes on though the ledger did not take its intent.', {
          error,
          attemptId: intent.attemptId,
        });
      }
    },
    settle: async (holdId, rows) => {
      try {
        await ledger.settle(holdId, rows);
        // Not awaited: this answer does not wait for the bookings of others.
        if (waiting.size > 0) void drain();
      } catch (error) {
        postpone({ holdId, rows }, error);
      }
    },
    pending: () => waiting.size,
    flush: () => (waiting.size > 0 ? drain() : Promise.resolve()),
    close: async () => {
      if (waiting.size > 0) await drain();
      for (const settlement of waiting) {
        logger.error('A booking is lost, because the ledger did not work until the end.', { settlement });
      }
      await ledger.close();
    },
  };
}
