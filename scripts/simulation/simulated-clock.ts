import type { Clock } from '../../src/core/clock.js';

export interface SimulatedClock extends Clock {
  set(seconds: number): void;
}

/** Stands wherever the simulation puts it. Nothing simulated sleeps. */
export function simulatedClock(): SimulatedClock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => Promise.resolve(),
    set: (seconds) => {
      nowMs = seconds * 1_000;
    },
  };
}

/** Reproducible uniform randomness (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b9) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
