import type { Clock } from '../../core/clock.js';
import type { Seed } from './budget-store.js';
import type { Counter, CounterAmount } from './counters.js';
import type { SeedingStore } from './seeding-store.js';

interface LiveHold {
  readonly parts: readonly CounterAmount[];
  readonly leaseMs: number;
  renewAtMs: number;
}

/** Attempts of this server that are under way: their holds are kept alive for as long as they last. */
export interface LiveHolds {
  /** `held` false: the store knows nothing of it yet, so that the next renewal has to tell it. */
  add(id: string, leaseMs: number, parts: readonly CounterAmount[], held: boolean): void;
  remove(id: string): void;
  /** What is held of a counter, for a store that does not know it any more. */
  of(counter: Counter): Seed['open'];
  /** Prolongs what has used a third of its lease. Rejects when the store cannot be reached. */
  renew(store: Pick<SeedingStore, 'renew'>): Promise<void>;
  /** Makes the next renewal one of all holds, because the store has lost them. */
  renewAll(): void;
}

export function createLiveHolds({ clock }: { clock: Clock }): LiveHolds {
  const holds = new Map<string, LiveHold>();
  const dueAfter = (leaseMs: number): number => clock.monotonicMs() + leaseMs / 3;
  return {
    add: (id, leaseMs, parts, held) => {
      holds.set(id, { parts, leaseMs, renewAtMs: held ? dueAfter(leaseMs) : 0 });
    },
    remove: (id) => {
      holds.delete(id);
    },
    of: ({ key }) =>
      [...holds].flatMap(([id, { parts, leaseMs }]) => {
        const part = parts.find(({ counter }) => counter.key === key);
        return part ? [{ id, amount: part.amount, leaseMs }] : [];
      }),
    renewAll: () => {
      for (const hold of holds.values()) hold.renewAtMs = 0;
    },
    renew: async (store) => {
      for (const [id, hold] of holds) {
        if (hold.renewAtMs > clock.monotonicMs()) continue;
        await store.renew(id, hold.leaseMs, hold.parts);
        hold.renewAtMs = dueAfter(hold.leaseMs);
      }
    },
  };
}
