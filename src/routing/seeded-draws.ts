/* Randomness that can be asked twice: the same seed and counters give the same draw, in any order. */

/** Mixes two 32-bit integers into one (the finisher of MurmurHash3). */
export function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ Math.imul(right, 0xcc9e2d51), 0x1b873593);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** 32-bit FNV-1a over the UTF-16 units of a text, not longer than `limit`. */
export function hashText(text: string, seed = 0x811c9dc5, limit = 65_536): number {
  let hash = seed;
  const end = Math.min(text.length, limit);
  for (let index = 0; index < end; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash, text.length);
}

/** Uniform in (0, 1), never either end. */
export const uniform = (hash: number): number => ((hash >>> 0) + 0.5) / 2 ** 32;

/** Standard normal (Box–Muller over two hashes). */
export function gaussian(hash: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(mix(hash, 1))));
  return radius * Math.cos(2 * Math.PI * uniform(mix(hash, 2)));
}
