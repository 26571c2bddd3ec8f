import type { Clock } from '../../core/clock.js';
import type { CounterAmount } from './counters.js';
import type { SeedingStore } from './seeding-store.js';

interface LiveHold {
  readonly parts: readonly CounterAmount[];
  readonly leaseMs: number;
  renewAtMs: number;
}

/** Attempts of this server that are under way: their holds are kept alive for as long as they last. */
export interface LiveHolds {
  add(id: string, leaseMs: number, parts: readonly CounterAmount[]): void;
  remove(id: string): void;
  /** Prolongs what has used a third of its lease. Rejects when the store cannot be reached. */
  renew(): Promise<void>;
  /** Makes the next renewal one of all holds, because the store may have lost them. */
  renewAll(): void;
}

export function createLiveHolds({ store, clock }: { store: SeedingStore; clock: Clock }): LiveHolds {
  const holds = new Map<string, LiveHold>();
  const dueAfter = (leaseMs: number): number => clock.monotonicMs() + leaseMs / 3;
  return {
    add: (id, leaseMs, parts) => {
      holds.set(id, { parts, leaseMs, renewAtMs: dueAfter(leaseMs) });
    },
    remove: (id) => {
      holds.delete(id);
    },
    renewAll: () => {
      for (const hold of holds.values()) hold.renewAtMs = 0;
    },
    renew: async () => {
      for (const [id, hold] of holds) {
        if (hold.renewAtMs > clock.monotonicMs()) continue;
        await store.renew(id, hold.leaseMs, hold.parts);
        hold.renewAtMs = dueAfter(hold.leaseMs);
      }
    },
  };
}
