import type { Clock, Random } from '../../src/core/clock.js';

/** Time that moves only when told to; sleepers wake in order as it passes them. */
export interface FakeClock extends Clock {
  advance(ms: number): Promise<void>;
  /** How long each sleep so far was asked to last. */
  readonly sleeps: readonly number[];
  /** Sleepers that neither woke nor were called off. */
  readonly sleeping: number;
}

interface Sleeper {
  wakeAtMs: number;
  wake: () => void;
}

/** `autoAdvance`: a sleep moves the clock by itself and returns at once. */
export function fakeClock({ startMs = Date.UTC(2026, 10, 23), autoAdvance = false } = {}): FakeClock {
  let elapsedMs = 0;
  let sleepers: Sleeper[] = [];
  const sleeps: number[] = [];
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    sleeps,
    get sleeping() {
      return sleepers.length;
    },
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      if (signal?.aborted) return Promise.reject(signal.reason as Error);
      if (autoAdvance) {
        elapsedMs += ms;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const callOff = () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(signal?.reason as Error);
        };
        const wake = () => {
          signal?.removeEventListener('abort', callOff);
          resolve();
        };
        const sleeper = { wakeAtMs: elapsedMs + ms, wake };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', callOff, { once: true });
      });
    },
    advance: async (ms) => {
      await settle();
      elapsedMs += ms;
      const due = sleepers.filter((sleeper) => sleeper.wakeAtMs <= elapsedMs);
      sleepers = sleepers.filter((sleeper) => sleeper.wakeAtMs > elapsedMs);
      for (const sleeper of due) sleeper.wake();
      await settle();
    },
  };
}

/** Reproducible randomness (mulberry32) and counting ids. */
export function fakeRandom(seed = 1): Random {
  let state = seed;
  let ids = 0;
  return {
    next: () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
    id: () => {
      ids += 1;
      return `id-${ids}`;
    },
  };
}
