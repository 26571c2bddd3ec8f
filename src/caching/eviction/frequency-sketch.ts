const rows = 4;
const highest = 15;
const seeds = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/** Estimates how often a key was seen lately, never too low, from a fixed number of bytes. */
export interface FrequencySketch {
  seen(key: string): void;
  /** 0 to 15. */
  estimate(key: string): number;
}

/**
 * Count-min sketch with ageing (Einziger, Friedman, Manes: TinyLFU, ACM ToS 2017): after ten times as many sightings
 * as it has counters in a row every count is halved, so that what was popular once does not stay so.
 */
export function createFrequencySketch(expectedKeys: number): FrequencySketch {
  const width = 2 ** Math.ceil(Math.log2(Math.max(64, expectedKeys)));
  const counters = new Uint8Array(width * rows);
  const agingAfter = width * 10;
  let sightings = 0;

  const slot = (hash: number, row: number): number => {
    const mixed = Math.imul(hash ^ (hash >>> 15), seeds[row] ?? 1);
    return row * width + (((mixed ^ (mixed >>> 13)) >>> 0) % width);
  };
  const least = (hash: number): number => {
    let lowest = highest;
    for (let row = 0; row < rows; row += 1) lowest = Math.min(lowest, counters[slot(hash, row)] ?? 0);
    return lowest;
  };
  const age = (): void => {
    for (let index = 0; index < counters.length; index += 1) counters[index] = (counters[index] ?? 0) >> 1;
    sightings >>= 1;
  };

  return {
    estimate: (key) => least(hashOf(key)),
    seen: (key) => {
      const hash = hashOf(key);
      const lowest = least(hash);
      // Raising only the lowest counters keeps the estimates of keys that share the others closer to the truth.
      if (lowest < highest) {
        for (let row = 0; row < rows; row += 1) {
          const at = slot(hash, row);
          if (counters[at] === lowest) counters[at] = lowest + 1;
        }
      }
      sightings += 1;
      if (sightings >= agingAfter) age();
    },
  };
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
