import type { BudgetDefinition, BudgetSubject, BudgetUse, StoreLossPolicy } from '../../core/budget.js';
import type { Clock, Random } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import type { ServerEvent } from '../../core/events.js';
import type { SpendTruth } from '../../core/ledger.js';
import type { Logger } from '../../core/ports.js';
import { fitsLater, noRoomError, uncheckedError } from './budget-refusal.js';
import type { BudgetStore, CounterState } from './budget-store.js';
import { amountsOf, type Counter, type CounterAmount, countersOf } from './counters.js';
import { createGrants } from './grants.js';
import { createLiveHolds } from './live-holds.js';
import { createPendingBookings } from './pending-bookings.js';
import { createEpochs, createReach, type Reach } from './reach.js';
import { createSeedingStore, type SeedingStore } from './seeding-store.js';
import { createStandings, type Standings } from './standings.js';
import { passUnchecked, strictest } from './store-loss.js';

/** Pauses between the tries of a call whose budget refuses what it cannot check: a short trouble is waited for. */
const storeRetryPausesMs = [100, 300, 900] as const;

export interface BudgetKeeperOptions {
  readonly definitions: readonly BudgetDefinition[];
  readonly store: BudgetStore;
  readonly truth: SpendTruth;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told when counters cannot be reached and when they can again. */
  readonly onServerEvent: (event: ServerEvent) => void;
}

export interface HoldRequest {
  /** Of the attempt; the same id holds once. */
  readonly id: string;
  readonly subject: BudgetSubject;
  /** The most that the attempt may use. */
  readonly use: BudgetUse;
  /** Wall clock; decides the windows. */
  readonly atMs: number;
  readonly leaseMs: number;
  readonly signal: AbortSignal;
}

/** Holds and books the use of every budget that concerns an attempt. */
export interface BudgetKeeper {
  /**
   * Sets the use aside in all budgets or in none. Gives what the caller should know about it.
   * @throws ServiceError budget_exceeded, with what is left and when it resets.
   */
  hold(request: HoldRequest): Promise<readonly string[]>;
  /** Books what an attempt truly used, once its row is in the ledger. Never rejects. */
  settle(id: string, subject: BudgetSubject, use: BudgetUse, atMs: number): Promise<void>;
  /** Lets go of a hold of which nothing was used. Never rejects. */
  release(id: string): Promise<void>;
  /** Keeps holds alive, sends what waits, draws grants; called at regular intervals. Never rejects. */
  maintain(): Promise<void>;
  readonly standings: Standings;
  readonly store: SeedingStore;
  /** Bookings that wait for the store. */
  pending(): number;
  readonly reach: Reach;
  close(): Promise<void>;
}

export function createBudgetKeeper(options: BudgetKeeperOptions): BudgetKeeper {
  const { definitions, clock, logger } = options;
  const { standings, store, live, pending, grants, reach, epochs } = openParts(options);

  const partsOf = (subject: BudgetSubject, use: BudgetUse, atMs: number): readonly CounterAmount[] =>
    amountsOf(countersOf(definitions, subject, atMs), use);
  const letGo = async (id: string, parts: readonly CounterAmount[]): Promise<void> => {
    live.remove(id);
    grants.settle(id, parts);
    await pending.book(id, parts);
  };
  const hold = async (request: HoldRequest): Promise<readonly string[]> => {
    const { id, leaseMs, signal } = request;
    const parts = partsOf(request.subject, request.use, request.atMs);
    if (parts.length === 0) return [];
    grants.want(parts.map(({ counter }) => counter));
    const attempt = () => holdIn(store, standings, request, parts);
    const failure = await tryHold(attempt, strictest(parts), signal, clock);
    if (failure === undefined) {
      reach.found();
      live.add(id, leaseMs, parts, true);
      void pending.flush();
      return [];
    }
    reach.lost();
    const passed = passUnchecked(id, parts, grants.take);
    if ('refusal' in passed) {
      // What the store did with a request whose answer was lost is not known; it must not hold anything for ever.
      await pending.book(id, []);
      throw uncheckedError(passed.refusal, failure.cause);
    }
    live.add(id, leaseMs, parts, false);
    return passed.notices;
  };

  return {
    standings,
    store,
    pending: pending.count,
    reach,
    hold,
    settle: (id, subject, use, atMs) => letGo(id, partsOf(subject, use, atMs)),
    release: (id) => letGo(id, []),
    maintain: async () => {
      try {
        if (!(await pending.flush())) return;
        await epochs.look();
        await live.renew(store);
        await grants.draw();
        reach.found();
      } catch (error) {
        logger.debug('The budget store cannot be reached.', { error });
      }
    },
    close: async () => {
      await pending.flush();
      await grants.release();
    },
  };
}

function openParts({ truth, clock, random, logger, onServerEvent, ...options }: BudgetKeeperOptions) {
  const standings = createStandings();
  const live = createLiveHolds({ clock });
  const onSeed = (counter: Counter): void => {
    const { name: budget, unit } = counter.budget;
    if (standings.of(counter)) onServerEvent({ type: 'budget-rebuilt', budget, unit });
  };
  const onState = standings.note;
  const store = createSeedingStore({ store: options.store, truth, clock, onState, onSeed, live: live.of });
  const grants = createGrants({ store, clock, random });
  const epochs = createEpochs(store, () => {
    live.renewAll();
    grants.forget();
  });
  const pending = createPendingBookings({ store, clock, logger });
  return { standings, store, live, pending, grants, reach: createReach(onServerEvent), epochs };
}

/** @throws ServiceError budget_exceeded when there is no room. */
async function holdIn(
  store: SeedingStore,
  standings: Standings,
  request: HoldRequest,
  parts: readonly CounterAmount[],
): Promise<void> {
  const outcome = await store.hold(request.id, request.leaseMs, parts);
  if (outcome.outcome === 'refused') {
    const refused = outcome.refused.flatMap((index) => refusedPart(parts[index], outcome.states[index]));
    for (const part of refused) if (!fitsLater(part)) standings.noteRefusal(part.counter);
    throw noRoomError(refused, request.atMs);
  }
  if (outcome.outcome === 'settled') throw new ServiceError('internal', 'An attempt that has ended was to begin.');
}

const refusedPart = (part: CounterAmount | undefined, state: CounterState | undefined) =>
  part && state ? [{ ...part, state }] : [];

/** Undefined when it was held; the failure of the store when it could not be asked, after as many tries as the policy is worth. */
async function tryHold(
  attempt: () => Promise<void>,
  policy: StoreLossPolicy,
  signal: AbortSignal,
  clock: Clock,
): Promise<{ readonly cause: unknown } | undefined> {
  const pausesMs = policy === 'closed' ? storeRetryPausesMs : [];
  for (let tries = 0; ; tries += 1) {
    try {
      await attempt();
      return undefined;
    } catch (cause) {
      if (cause instanceof ServiceError && cause.category === 'budget_exceeded') throw cause;
      const pauseMs = pausesMs[tries];
      if (pauseMs === undefined || signal.aborted) return { cause };
      await clock.sleep(pauseMs, signal).catch(() => undefined);
    }
  }
}
