import type { Clock } from './clock.js';

/** One wait for whatever is due first: an earlier time replaces a later one, so that there is never a second wait. */
export interface Alarm {
  /** Rings at that time of the monotonic clock, or before it if it is to ring before that anyway. */
  ringBy(atMs: number): void;
  /** Ends the wait; it rings no more. */
  close(): void;
}

export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let ringsAtMs = Number.POSITIVE_INFINITY;
  let wait = new AbortController();
  return {
    ringBy: (atMs) => {
      if (atMs >= ringsAtMs) return;
      ringsAtMs = atMs;
      wait.abort();
      const mine = new AbortController();
      wait = mine;
      const wake = () => {
        // The time had come, and then one was replaced by an earlier one after all.
        if (wait !== mine) return;
        ringsAtMs = Number.POSITIVE_INFINITY;
        ring();
      };
      clock.sleep(atMs - clock.monotonicMs(), mine.signal).then(wake, () => undefined);
    },
    close: () => {
      ringsAtMs = Number.NEGATIVE_INFINITY;
      wait.abort();
      wait = new AbortController();
    },
  };
}
