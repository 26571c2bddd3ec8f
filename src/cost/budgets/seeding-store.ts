import type { Clock } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import type { SpendTruth } from '../../core/ledger.js';
import type { BudgetStore, CounterState, HoldLine, HoldOutcome, Seed } from './budget-store.js';
import type { Counter, CounterAmount } from './counters.js';
import { seedOf, spentOf } from './spend-truth.js';

/** One seed makes a counter known; a second is needed only when the store loses it again in between. */
const seedings = 3;

export type SeededOutcome = Exclude<HoldOutcome, { readonly outcome: 'unseeded' }>;

export interface SeedingStoreOptions {
  readonly store: BudgetStore;
  readonly truth: SpendTruth;
  readonly clock: Clock;
  /** Told whatever the store says of a counter. */
  readonly onState: (counter: Counter, state: CounterState) => void;
  /** Told before what a counter begins with is put into the store. */
  readonly onSeed: (counter: Counter) => void;
  /** What this server holds of a counter: the intent of an attempt is in the ledger a little later than its hold. */
  readonly live: (counter: Counter) => Seed['open'];
}

/** A budget store whose counters begin with what the ledger says. Members reject when store or ledger cannot be reached. */
export interface SeedingStore {
  hold(id: string, leaseMs: number, parts: readonly CounterAmount[]): Promise<SeededOutcome>;
  renew(id: string, leaseMs: number, parts: readonly CounterAmount[]): Promise<void>;
  settle(id: string, parts: readonly CounterAmount[]): Promise<void>;
  states(counters: readonly Counter[]): Promise<readonly CounterState[]>;
  /** Counted minus booked: 0 but for bookings on their way. */
  drift(counter: Counter): Promise<number>;
  /** Builds the counter anew from the ledger. */
  rebuild(counter: Counter): Promise<void>;
  /** Another word when the store has lost what it knew. */
  epoch(): Promise<string>;
}

export function createSeedingStore(options: SeedingStoreOptions): SeedingStore {
  const { store, truth, onState } = options;
  const seed = createSeeder(options);
  const tell = (counters: readonly Counter[], states: readonly (CounterState | undefined)[]): void => {
    for (const [index, counter] of counters.entries()) {
      const state = states[index];
      if (state) onState(counter, state);
    }
  };
  const states = async (counters: readonly Counter[]): Promise<readonly CounterState[]> => {
    const keys = counters.map(({ key }) => key);
    for (let tries = 0; tries < seedings; tries += 1) {
      const found = await store.states(keys);
      tell(counters, found);
      const known = found.filter((state) => state !== undefined);
      if (known.length === counters.length) return known;
      await seed(
        keys.filter((_, index) => found[index] === undefined),
        counters,
      );
    }
    throw unsteady();
  };

  return {
    states,
    hold: async (id, leaseMs, parts) => {
      const counters = parts.map(({ counter }) => counter);
      for (let tries = 0; tries < seedings; tries += 1) {
        const outcome = await store.hold(id, leaseMs, parts.map(lineOf));
        if (outcome.outcome !== 'unseeded') {
          if (outcome.outcome !== 'settled') tell(counters, outcome.states);
          return outcome;
        }
        await seed(outcome.counters, counters);
      }
      throw unsteady();
    },
    renew: (id, leaseMs, parts) => store.renew(id, leaseMs, parts.map(lineOf)),
    settle: async (id, parts) => {
      const counters = parts.map(({ counter }) => counter);
      for (let tries = 0; tries < seedings; tries += 1) {
        const outcome = await store.settle(id, parts.map(lineOf));
        tell(counters, outcome.states);
        if (outcome.unseeded.length === 0) return;
        await seed(outcome.unseeded, counters);
      }
      throw unsteady();
    },
    drift: async (counter) => {
      const [state] = await states([counter]);
      return (state?.own ?? 0) - (await spentOf(truth, counter));
    },
    rebuild: async (counter) => {
      const [state] = await store.states([counter.key]);
      if (state) await store.unseed(counter.key, state.own);
      await states([counter]);
    },
    epoch: store.epoch,
  };
}

/** Makes those of the counters known to the store that have one of the keys. */
function createSeeder({ store, truth, clock, onSeed, live }: SeedingStoreOptions) {
  const seedOne = async (counter: Counter): Promise<void> => {
    const known = await seedOf(truth, counter, clock.nowMs());
    const ids = new Set(known.open.map(({ id }) => id));
    onSeed(counter);
    await store.seed({ ...known, open: [...known.open, ...live(counter).filter(({ id }) => !ids.has(id))] });
  };
  return async (keys: readonly string[], counters: readonly Counter[]): Promise<void> => {
    await Promise.all(counters.filter(({ key }) => keys.includes(key)).map(seedOne));
  };
}

function lineOf({ counter: { key, budget }, amount }: CounterAmount): HoldLine {
  const limited = budget.hard && budget.limit !== undefined;
  return { counter: key, amount, ...(limited && { limit: budget.limit }) };
}

const unsteady = (): ServiceError =>
  new ServiceError('internal', 'The budgets cannot be checked, because their store forgets what it is told.', {
    remedy: 'The operator has to give Redis more memory, or an eviction policy that keeps keys of budgets.',
  });
