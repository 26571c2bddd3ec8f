import type { Clock, Random } from '../../core/clock.js';
import type { Counter, CounterAmount } from './counters.js';
import type { SeedingStore } from './seeding-store.js';

/** A grant is used no longer than this after the store was last heard of, and the store keeps it for longer. */
const grantLeaseMs = 600_000;
const safetyMs = 60_000;
const mostGrants = 1_000;

interface Grant {
  readonly id: string;
  readonly counter: Counter;
  readonly amount: number;
  /** On the monotonic clock. */
  readonly usableUntilMs: number;
  readonly taken: Map<string, number>;
}

/** Parts of limits that this server has set aside in the store while it could, for the time when it cannot be reached. */
export interface Grants {
  /** Sets parts aside, or prolongs them; to be called now and then while the store can be reached. */
  draw(): Promise<void>;
  /** Makes the next drawing one of all parts, because the store has lost them. */
  forget(): void;
  /** Marks counters whose budgets want a part. */
  want(counters: readonly Counter[]): void;
  /** Takes from the parts that were set aside, from all of them or none; the name of the first without room. */
  take(id: string, parts: readonly CounterAmount[]): Counter | undefined;
  /** What was truly used, in place of what was taken. */
  settle(id: string, parts: readonly CounterAmount[]): void;
  /** Gives everything back. */
  release(): Promise<void>;
}

export interface GrantsOptions {
  readonly store: SeedingStore;
  readonly clock: Clock;
  readonly random: Random;
}

export function createGrants({ store, clock, random }: GrantsOptions): Grants {
  const wanted = new Map<string, Counter>();
  const grants = new Map<string, Grant>();

  const drawOne = async (counter: Counter): Promise<void> => {
    const old = grants.get(counter.key);
    const amount = sliceOf(counter);
    const id = `grant/${random.id()}`;
    const { outcome } = await store.hold(id, grantLeaseMs, [{ counter, amount }]);
    // The new part stands before the old one goes, so that it is never without.
    if (outcome === 'admitted') {
      const usableUntilMs = clock.monotonicMs() + grantLeaseMs - safetyMs;
      grants.set(counter.key, { id, counter, amount, usableUntilMs, taken: new Map() });
    } else {
      grants.delete(counter.key);
    }
    if (old) await store.settle(old.id, []);
  };
  const isStale = ({ key }: Counter): boolean => {
    const grant = grants.get(key);
    if (!grant) return true;
    return grant.taken.size > 0 || grant.usableUntilMs - clock.monotonicMs() < grantLeaseMs / 2;
  };

  return {
    want: (counters) => {
      for (const counter of counters) {
        const { onStoreLoss, hard, limit } = counter.budget;
        const isSliced = onStoreLoss === 'slice' && hard && limit !== undefined;
        if (isSliced && wanted.size < mostGrants) wanted.set(counter.key, counter);
      }
    },
    draw: async () => {
      for (const counter of wanted.values()) {
        if (counter.window.toMs <= clock.nowMs()) {
          wanted.delete(counter.key);
          grants.delete(counter.key);
        } else if (isStale(counter)) await drawOne(counter);
      }
    },
    forget: () => grants.clear(),
    take: (id, parts) => {
      const short = parts.find(({ counter, amount }) => amount > roomIn(grants.get(counter.key), clock.monotonicMs()));
      if (short) return short.counter;
      for (const { counter, amount } of parts) grants.get(counter.key)?.taken.set(id, amount);
      return undefined;
    },
    settle: (id, parts) => {
      for (const { counter, taken } of grants.values()) {
        const used = parts.find((part) => part.counter.key === counter.key)?.amount ?? 0;
        if (taken.has(id)) taken.set(id, used);
      }
    },
    release: async () => {
      await Promise.allSettled([...grants.values()].map(({ id }) => store.settle(id, [])));
      grants.clear();
    },
  };
}

const sliceOf = ({ budget: { limit = 0, slicePercent } }: Counter): number =>
  Math.max(1, Math.floor((limit * slicePercent) / 100));

function roomIn(grant: Grant | undefined, nowMs: number): number {
  if (!grant || grant.usableUntilMs <= nowMs) return 0;
  return [...grant.taken.values()].reduce((room, amount) => room - amount, grant.amount);
}
