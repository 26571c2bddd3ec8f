import type { EvictionPolicy, Weight } from './eviction-policy.js';
import { createFrequencySketch } from './frequency-sketch.js';
import { createPriorityHeap } from './priority-heap.js';

/** For the width of the sketch; a typical answer with its overhead. */
const typicalEntryBytes = 4_096;
/** An answer that was free still saves the wait, so that it does not go before everything else. */
const leastCost = 1_000;

/**
 * Greedy-Dual-Size-Frequency (Cherkasova, HP Labs 1998): what saves least money per byte and use goes first, where the
 * base value rises with each eviction so that nothing stays on old merits. Frequencies outlive an entry in a sketch.
 */
export function createGdsf(capacityBytes: number): EvictionPolicy {
  const weights = new Map<string, Weight>();
  const heap = createPriorityHeap();
  const sketch = createFrequencySketch(capacityBytes / typicalEntryBytes);
  let base = 0;

  const rank = (key: string, { bytes, cost }: Weight): void => {
    heap.set(key, base + ((sketch.estimate(key) + 1) * (cost + leastCost)) / bytes);
  };
  return {
    added: (key, weight) => {
      weights.set(key, weight);
      rank(key, weight);
    },
    used: (key) => {
      const weight = weights.get(key);
      if (!weight) return;
      sketch.seen(key);
      rank(key, weight);
    },
    missed: (key) => sketch.seen(key),
    removed: (key) => {
      weights.delete(key);
      heap.delete(key);
    },
    victim: () => {
      const lowest = heap.lowest();
      if (lowest) base = Math.max(base, lowest.priority);
      return lowest?.key;
    },
  };
}
