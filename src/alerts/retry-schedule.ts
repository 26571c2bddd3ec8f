import type { Random } from '../core/clock.js';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;

/** Pauses after the first, second, … try, about 16 hours in all: a receiver may be away for a night. */
const pausesMs = [
  5 * secondMs,
  30 * secondMs,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  hourMs,
  2 * hourMs,
  4 * hourMs,
  8 * hourMs,
] as const;
const longestPauseMs = 8 * hourMs;

/** How long to wait after so many tries: up to a quarter less or more, and no less than the receiver asks; undefined: give up. */
export function pauseAfter(tries: number, random: Random, retryAfterMs = 0): number | undefined {
  const pauseMs = pausesMs[tries - 1];
  if (pauseMs === undefined) return undefined;
  return Math.max(pauseMs * (0.75 + random.next() / 2), Math.min(retryAfterMs, longestPauseMs));
}
