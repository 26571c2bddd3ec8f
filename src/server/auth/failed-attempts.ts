import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';

/** Addresses that are remembered; the one that failed longest ago makes room. */
const maxAddresses = 5_000;
const windowMs = 60_000;

export interface FailedAttemptsOptions {
  readonly clock: Clock;
  /** Wrong keys and tokens of one address in a minute that are told what is wrong; the others are told to wait. */
  readonly perMinute: number;
}

export interface FailedAttempt {
  /** Milliseconds that the address has to wait; undefined while it has failed less often than it may. */
  readonly waitMs: number | undefined;
  /** True once a minute for an address that has to wait. */
  readonly isFirst: boolean;
}

interface Window {
  readonly endsAtMs: number;
  failures: number;
}

/**
 * Counts wrong keys and tokens by address. A right one is never counted and never refused, so that nobody is locked out
 * by a neighbour behind the same proxy.
 */
export function createFailedAttempts({ clock, perMinute }: FailedAttemptsOptions): {
  note(address: string): FailedAttempt;
} {
  const windows = new LRUCache<string, Window>({ max: maxAddresses });
  return {
    note: (address) => {
      const nowMs = clock.monotonicMs();
      const open = windows.get(address);
      const window = open && open.endsAtMs > nowMs ? open : { endsAtMs: nowMs + windowMs, failures: 0 };
      window.failures += 1;
      windows.set(address, window);
      const excess = window.failures - perMinute;
      return { waitMs: excess > 0 ? window.endsAtMs - nowMs : undefined, isFirst: excess === 1 };
    },
  };
}
