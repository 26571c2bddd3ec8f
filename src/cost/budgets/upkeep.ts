import type { Clock } from '../../core/clock.js';
import type { ServerEvent } from '../../core/events.js';
import type { Logger } from '../../core/ports.js';
import type { Watch } from './alert-watch.js';
import type { BudgetKeeper } from './budget-keeper.js';
import { type Counter, counterName } from './counters.js';

const intervalMs = 10_000;
/** Rounds between two comparisons of counters with the ledger. */
const roundsToCompare = 6;
/** Counters that one comparison looks at, the fullest of all not before the others: each has its turn. */
const comparedAtOnce = 200;

export interface UpkeepOptions {
  readonly keeper: BudgetKeeper;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Look at every round whether something is to be told. */
  readonly watches?: readonly Watch[];
}

export interface Upkeep {
  /** One round of everything, counters compared. */
  reconcile(): Promise<void>;
  /** Resolves when the round under way has ended. */
  stop(): Promise<void>;
}

/**
 * Does for the budgets what no call waits for: keeps holds alive, sends what waits, and compares counters with the ledger.
 * A difference that is still the same at the next look is no booking on its way, so the counter is built anew.
 */
export function startUpkeep({ keeper, clock, logger, onServerEvent, watches = [] }: UpkeepOptions): Upkeep {
  const suspected = new Map<string, number>();
  const stopped = new AbortController();

  const compare = async (counter: Counter): Promise<void> => {
    const drift = await keeper.store.drift(counter);
    onServerEvent({ type: 'budget-compared', budget: counter.budget.name, unit: counter.budget.unit, drift });
    if (drift === 0) {
      suspected.delete(counter.key);
    } else if (suspected.get(counter.key) !== drift) {
      suspected.set(counter.key, drift);
    } else {
      suspected.delete(counter.key);
      logger.warn('A budget differed from the ledger and is counted anew.', { budget: counterName(counter), drift });
      await keeper.store.rebuild(counter);
    }
  };
  const reconcile = async (): Promise<void> => {
    await keeper.maintain();
    // While bookings wait, every counter differs by them.
    if (keeper.pending() > 0) return;
    const current = keeper.standings.current(clock.nowMs()).slice(0, comparedAtOnce);
    for (const { counter } of current) await compare(counter);
  };
  const run = async (): Promise<void> => {
    for (let round = 1; !stopped.signal.aborted; round += 1) {
      await clock.sleep(intervalMs, stopped.signal);
      if (round % roundsToCompare === 0) await reconcile().catch((error: unknown) => tellFailure(logger, error));
      else await keeper.maintain();
      for (const watch of watches) await watch.look().catch((error: unknown) => tellBlindness(logger, error));
    }
  };

  // Its only rejection is the end of the sleep.
  const running = run().catch(() => undefined);
  return {
    reconcile,
    stop: async () => {
      stopped.abort();
      await running;
    },
  };
}

const tellFailure = (logger: Logger, error: unknown): void =>
  logger.warn('Budgets could not be compared with the ledger.', { error });

const tellBlindness = (logger: Logger, error: unknown): void =>
  logger.debug('It could not be seen whether a budget is worth an alert.', { error });
