/* Rolling hashes over code units: no string is ever cut out of the prompt. */

export const hashSeed = 0x811c9dc5 | 0;

export const extendHash = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

/** Spreads a rolling hash over all its bits, so that the low ones can be used as an index. */
export function mixHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}

/** Hash of two things in this order, such as two words of a phrase. */
export const joinHashes = (left: number, right: number): number => Math.imul(left, 0x9e3779b1 | 0) ^ right;
