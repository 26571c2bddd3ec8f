import type { BudgetDefinition, BudgetSubject, BudgetUse, StoreLossPolicy } from '../../core/budget.js';
import type { Clock, Random } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import type { ServerEvent } from '../../core/events.js';
import type { SpendTruth } from '../../core/ledger.js';
import type { Logger } from '../../core/ports.js';
import { fitsLater, noRoomError, uncheckedError } from './budget-refusal.js';
import type { BudgetStore, CounterState } from './budget-store.js';
import { amountsOf, type Counter, type CounterAmount, counterName, countersOf } from './counters.js';
import { createGrants } from './grants.js';
import { createLiveHolds } from './live-holds.js';
import { createPendingBookings } from './pending-bookings.js';
import { createSeedingStore, type SeedingStore } from './seeding-store.js';
import { createStandings, type Standings } from './standings.js';

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
  close(): Promise<void>;
}

export function createBudgetKeeper(options: BudgetKeeperOptions): BudgetKeeper {
  const { definitions, truth, clock, random, logger } = options;
  const standings = createStandings();
  const store = createSeedingStore({ store: options.store, truth, clock, onState: standings.note });
  const pending = createPendingBookings({ store, clock, logger });
  const grants = createGrants({ store, clock, random });
  const live = createLiveHolds({ store, clock });
  const reach = createReach(options);

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
      live.add(id, leaseMs, parts);
      return [];
    }
    reach.lost();
    const passed = passUnchecked(id, parts, grants.take);
    if ('refusal' in passed) {
      // What the store did with a request whose answer was lost is not known; it must not hold anything for ever.
      await pending.book(id, []);
      throw uncheckedError(passed.refusal, failure.cause);
    }
    live.add(id, leaseMs, parts);
    return passed.notices;
  };

  return {
    standings,
    store,
    pending: pending.count,
    hold,
    settle: (id, subject, use, atMs) => letGo(id, partsOf(subject, use, atMs)),
    release: (id) => letGo(id, []),
    maintain: async () => {
      try {
        if (!(await pending.flush())) return;
        await live.renew();
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

/** What a budget does without its counters; one without a limit, or a soft one, never stands in the way. */
const policyOf = ({ budget: { hard, limit, onStoreLoss } }: Counter): StoreLossPolicy =>
  hard && limit !== undefined ? onStoreLoss : 'open';

function strictest(parts: readonly CounterAmount[]): StoreLossPolicy {
  const policies = parts.map(({ counter }) => policyOf(counter));
  if (policies.includes('closed')) return 'closed';
  return policies.includes('slice') ? 'slice' : 'open';
}

type Passed = { readonly refusal: CounterAmount } | { readonly notices: readonly string[] };

function passUnchecked(
  id: string,
  parts: readonly CounterAmount[],
  take: (id: string, parts: readonly CounterAmount[]) => Counter | undefined,
): Passed {
  const by = (policy: StoreLossPolicy) => parts.filter(({ counter }) => policyOf(counter) === policy);
  const [closed] = by('closed');
  if (closed) return { refusal: closed };
  const sliced = by('slice');
  const short = take(id, sliced);
  const refusal = sliced.find(({ counter }) => counter === short);
  if (refusal) return { refusal };
  const open = by('open').filter(({ counter }) => counter.budget.limit !== undefined);
  return {
    notices: [
      ...sliced.map(({ counter }) => `Budget ${counterName(counter)}: taken from the part set aside for this server.`),
      ...open.map(({ counter }) => `Budget ${counterName(counter)} could not be checked; its policy lets calls pass.`),
    ],
  };
}

/** Tells the loss of the store once, and its return. */
function createReach({ onServerEvent }: Pick<BudgetKeeperOptions, 'onServerEvent'>) {
  let isLost = false;
  return {
    lost: () => {
      if (!isLost) onServerEvent({ type: 'store-degraded', store: 'budgets', why: 'the counters cannot be reached' });
      isLost = true;
    },
    found: () => {
      if (isLost) onServerEvent({ type: 'store-recovered', store: 'budgets' });
      isLost = false;
    },
  };
}
