/** How a call is held back as a hard budget nears its limit. */
export interface Throttle {
  readonly cheaperModels: boolean;
  /** Part of the usual number of calls that may run at once, 0 to 1. */
  readonly concurrency: number;
  readonly delayMs: number;
}

/** Below this part of the limit nothing is held back. */
export const strainedFrom = 0.8;
const narrowFrom = 0.9;
const slowFrom = 0.95;
const leastConcurrency = 0.1;
const longestDelayMs = 2_000;

export const free: Throttle = { cheaperModels: false, concurrency: 1, delayMs: 0 };

/**
 * The published curve, over the spent part of the limit: from 80 % on cheaper models are asked first; from 90 % on fewer
 * calls run at once, down to a tenth; from 95 % on calls are delayed, up to 2 s just before the limit; then they are refused.
 */
export function throttleAt(share: number): Throttle {
  if (share < strainedFrom) return free;
  return {
    cheaperModels: true,
    concurrency: Math.max(leastConcurrency, 1 - (1 - leastConcurrency) * progress(share, narrowFrom, slowFrom)),
    delayMs: Math.round(longestDelayMs * progress(share, slowFrom, 1)),
  };
}

/** 0 at `from`, 1 at `to` and beyond. */
const progress = (value: number, from: number, to: number): number =>
  Math.min(1, Math.max(0, (value - from) / (to - from)));
