import type { Clock } from '../core/clock.js';

const samples = 512;

export interface LayerStats {
  readonly hits: number;
  readonly misses: number;
  /** Of the last look-ups, milliseconds; absent before the first. */
  readonly times?: { readonly p50: number; readonly p99: number };
}

/** Counts the look-ups of a layer and keeps the times of the last ones. */
export function createLayerCount(clock: Clock) {
  const times = new Float64Array(samples);
  let hits = 0;
  let misses = 0;
  const note = <T>(startedAtMs: number, found: T | undefined): T | undefined => {
    times[(hits + misses) % samples] = clock.monotonicMs() - startedAtMs;
    if (found === undefined) misses += 1;
    else hits += 1;
    return found;
  };
  return {
    of: <T>(find: () => T | undefined) => note(clock.monotonicMs(), find()),
    ofLater: async <T>(find: () => Promise<T | undefined>) => note(clock.monotonicMs(), await find()),
    read: (): LayerStats => {
      const sorted = times.slice(0, Math.min(hits + misses, samples)).sort();
      const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
      return { hits, misses, ...(sorted.length > 0 && { times: { p50: at(0.5), p99: at(0.99) } }) };
    },
  };
}
