import type { CallEvent } from '../core/events.js';
import type { PriceBook } from '../core/ports.js';
import type { NanoUsd } from '../core/response.js';

/** Sees to it that the hold of a candidate covers all of its attempts, those of a hedge and of retries too. */
export interface AttemptCover {
  /** Before an attempt is sent: sets more aside where what was billed so far leaves less than one worst case. */
  take(): Promise<void>;
  /** Learns from the ends of attempts what they used. */
  note(event: CallEvent): void;
}

export interface AttemptCoverOptions {
  /** What one attempt can cost; so much is held from the start. */
  readonly worst: NanoUsd;
  readonly prices: Pick<PriceBook, 'costOf'>;
  /**
   * Sets an amount aside; `total` is what the candidate could have cost then, the amount included.
   * @throws ServiceError budget_exceeded when it does not fit.
   */
  readonly setAside: (amount: NanoUsd, total: NanoUsd) => Promise<void>;
}

export function createAttemptCover({ worst, prices, setAside }: AttemptCoverOptions): AttemptCover {
  let held = worst;
  let billed = 0;
  let underWay = 0;
  return {
    take: async () => {
      const total = billed + (underWay + 1) * worst;
      const missing = Math.max(0, total - held);
      // Before the wait, so that two attempts at once do not count on the same money.
      underWay += 1;
      held += missing;
      if (missing === 0) return;
      try {
        await setAside(missing, total);
      } catch (error) {
        underWay -= 1;
        held -= missing;
        throw error;
      }
    },
    note: (event) => {
      if (event.type !== 'attempt-ended') return;
      underWay = Math.max(0, underWay - 1);
      if (event.usage) billed += prices.costOf(event.target, event.usage).nanoUsd;
    },
  };
}
