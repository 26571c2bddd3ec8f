import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/ports.js';
import type { LedgerUpkeep } from './sql-ledger.js';

const intervalMs = 1_000;
/** Rounds between two looks for dead processes. */
const roundsToRecover = 10;
/** Steps of folding in one round: a bound on what it takes from the calls. */
const foldsARound = 10;

export interface UpkeepOptions {
  readonly ledger: LedgerUpkeep;
  /** Sends what waits for a database that was away; never rejects. */
  readonly catchUp?: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Does for the ledger what no call waits for. Stops, when told, after what is under way. */
export function startLedgerUpkeep({ ledger, catchUp, clock, logger }: UpkeepOptions): { stop(): Promise<void> } {
  const stopped = new AbortController();
  let failing = false;

  const recover = async (): Promise<void> => {
    const recovered = await ledger.recover();
    if (recovered > 0) {
      logger.warn('Attempts of a process that died were booked at the most they can have cost.', { recovered });
    }
  };
  const fold = async (): Promise<void> => {
    for (let steps = 1; steps <= foldsARound && !stopped.signal.aborted; steps += 1) {
      if (!(await ledger.fold())) return;
    }
  };
  const round = async (count: number): Promise<void> => {
    await catchUp?.();
    try {
      if (count % roundsToRecover === 0) await recover();
      await fold();
      failing = false;
    } catch (error) {
      if (!failing) logger.warn('The ledger cannot be kept up; it is tried again.', { error });
      failing = true;
    }
  };
  const run = async (): Promise<void> => {
    for (let count = 0; !stopped.signal.aborted; count += 1) {
      await round(count);
      await clock.sleep(intervalMs, stopped.signal);
    }
  };
  // Its only rejection is the end of the sleep.
  const running = run().catch(() => undefined);
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}
