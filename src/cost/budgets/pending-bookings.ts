import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/ports.js';
import type { Counter, CounterAmount } from './counters.js';
import type { SeedingStore } from './seeding-store.js';
import { bookingDelayMs } from './spend-truth.js';

const defaultMaxPending = 10_000;

interface Booking {
  readonly id: string;
  readonly parts: readonly CounterAmount[];
  /** When its row was in the ledger, on the monotonic clock. */
  readonly sinceMs: number;
}

export interface PendingBookingsOptions {
  readonly store: SeedingStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxPending?: number;
}

/** Bookings and releases that the store could not take; nothing of money is lost with them, for the ledger has the rows. */
export interface PendingBookings {
  /** Books now if the store takes it, else later. Never rejects. */
  book(id: string, parts: readonly CounterAmount[]): Promise<void>;
  /** Sends what waits; true when nothing waits any more. Never rejects. */
  flush(): Promise<boolean>;
  count(): number;
}

export function createPendingBookings(options: PendingBookingsOptions): PendingBookings {
  const { store, clock, logger, maxPending = defaultMaxPending } = options;
  const waiting = new Map<string, Booking>();
  /** Counters that missed a booking, so that the ledger has to tell them what they stand at. */
  const outdated = new Map<string, Counter>();
  let flushing: Promise<boolean> | undefined;

  const postpone = (booking: Booking): void => {
    waiting.set(booking.id, booking);
    const [oldest] = waiting.values();
    if (waiting.size <= maxPending || !oldest) return;
    waiting.delete(oldest.id);
    for (const { counter } of oldest.parts) outdated.set(counter.key, counter);
    logger.warn('Too many bookings wait for the budget store; it will be built anew from the ledger.', { maxPending });
  };
  /** A late booking may be in a counter already that was seeded meanwhile, so it must not be added any more. */
  const send = async ({ id, parts, sinceMs }: Booking): Promise<void> => {
    if (clock.monotonicMs() - sinceMs < bookingDelayMs) return store.settle(id, parts);
    await store.settle(id, []);
    for (const { counter } of parts) outdated.set(counter.key, counter);
  };
  const flushOnce = async (): Promise<boolean> => {
    for (const booking of waiting.values()) {
      await send(booking);
      waiting.delete(booking.id);
    }
    for (const counter of outdated.values()) {
      await store.rebuild(counter);
      outdated.delete(counter.key);
    }
    return true;
  };

  return {
    book: async (id, parts) => {
      const booking = { id, parts, sinceMs: clock.monotonicMs() };
      try {
        await store.settle(id, parts);
      } catch {
        postpone(booking);
      }
    },
    flush: () => {
      if (waiting.size + outdated.size === 0) return Promise.resolve(true);
      flushing ??= flushOnce()
        .catch(() => false)
        .finally(() => {
          flushing = undefined;
        });
      return flushing;
    },
    count: () => waiting.size + outdated.size,
  };
}
