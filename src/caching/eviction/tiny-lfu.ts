import type { EvictionPolicy } from './eviction-policy.js';
import { createFrequencySketch } from './frequency-sketch.js';

const typicalEntryBytes = 4_096;
/** Shares of the room, as in the paper. */
const windowShare = 0.01;
const protectedShare = 0.8;

interface Segment {
  bytes: number;
  /** Least recently used first. */
  readonly keys: Map<string, number>;
}

const segment = (): Segment => ({ bytes: 0, keys: new Map() });
const put = (to: Segment, key: string, bytes: number): void => {
  to.keys.set(key, bytes);
  to.bytes += bytes;
};
/** The bytes of the key that was taken out; undefined when it was not there. */
function take(from: Segment, key: string): number | undefined {
  const bytes = from.keys.get(key);
  if (bytes === undefined) return undefined;
  from.keys.delete(key);
  from.bytes -= bytes;
  return bytes;
}
const oldest = ({ keys }: Segment): string | undefined => keys.keys().next().value;

/**
 * W-TinyLFU (Einziger, Friedman, Manes, ACM ToS 2017): newcomers pass through a small window and replace the oldest of
 * the rest only when they are asked for more often.
 */
export function createTinyLfu(capacityBytes: number): EvictionPolicy {
  const newcomers = segment();
  const probation = segment();
  const guarded = segment();
  const sketch = createFrequencySketch(capacityBytes / typicalEntryBytes);
  const mainBytes = capacityBytes * (1 - windowShare);

  const promote = (key: string, bytes: number): void => {
    put(guarded, key, bytes);
    while (guarded.bytes > mainBytes * protectedShare && guarded.keys.size > 1) {
      const back = oldest(guarded);
      if (back === undefined) return;
      put(probation, back, take(guarded, back) ?? 0);
    }
  };
  const overflowing = (): string | undefined =>
    newcomers.bytes > capacityBytes * windowShare ? oldest(newcomers) : undefined;
  const settle = (key: string): void => put(probation, key, take(newcomers, key) ?? 0);
  /** While there is room nobody has to be better than somebody else. */
  const fill = (): void => {
    for (let key = overflowing(); key !== undefined; key = overflowing()) {
      if (probation.bytes + guarded.bytes + (newcomers.keys.get(key) ?? 0) > mainBytes) return;
      settle(key);
    }
  };

  return {
    added: (key, { bytes }) => {
      put(newcomers, key, bytes);
      fill();
    },
    missed: (key) => sketch.seen(key),
    used: (key) => {
      sketch.seen(key);
      const waiting = take(newcomers, key);
      if (waiting !== undefined) return put(newcomers, key, waiting);
      const bytes = take(probation, key) ?? take(guarded, key);
      if (bytes !== undefined) promote(key, bytes);
    },
    removed: (key) => {
      for (const one of [newcomers, probation, guarded]) take(one, key);
    },
    victim: () => {
      const settled = oldest(probation) ?? oldest(guarded);
      const candidate = overflowing();
      if (candidate === undefined || settled === undefined) return settled ?? oldest(newcomers);
      if (sketch.estimate(candidate) <= sketch.estimate(settled)) return candidate;
      settle(candidate);
      return settled;
    },
  };
}
