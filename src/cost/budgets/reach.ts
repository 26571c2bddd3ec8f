import type { ServerEvent } from '../../core/events.js';
import type { SeedingStore } from './seeding-store.js';

/** Whether the counters could be reached when they were asked last. */
export interface Reach {
  isLost(): boolean;
  lost(): void;
  found(): void;
}

/** Tells the loss of the counters once, and their return. */
export function createReach(onServerEvent: (event: ServerEvent) => void): Reach {
  let isLost = false;
  return {
    isLost: () => isLost,
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

/** Notices that the store has begun anew, whoever made its counters known again meanwhile. */
export function createEpochs(store: Pick<SeedingStore, 'epoch'>, onLoss: () => void) {
  let known: string | undefined;
  return {
    look: async (): Promise<void> => {
      const epoch = await store.epoch();
      if (known !== undefined && known !== epoch) onLoss();
      known = epoch;
    },
  };
}
