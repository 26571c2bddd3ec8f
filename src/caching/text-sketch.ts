import type { ModelRequest } from '../core/request.js';
import { responseText } from '../core/response.js';

/** Characters that are hashed together. */
const shingleLength = 8;
/** Hashes that a sketch keeps. */
const sketchSize = 128;
/** A longer text is judged by its beginning, so that a sketch never takes more than some milliseconds. */
const longestText = 262_144;
/** Standard deviations by which an estimate may be too low. */
const doubt = 3;

/**
 * Bottom-k sketch (Broder 1997; the one-hash form of MinHash): the smallest hashes of all pieces of a text, as base64.
 * Case, punctuation and white space make no difference.
 */
export function textSketch(text: string): string {
  const plain = text
    .slice(0, longestText)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, ' ')
    .trim();
  const smallest = smallestOf(shingleHashes(plain));
  const bytes = Buffer.alloc(smallest.length * 4);
  for (const [index, hash] of smallest.entries()) bytes.writeUInt32LE(hash, index * 4);
  return bytes.toString('base64');
}

/** What a request is about: the conversation without the instructions, which are the same for everything. */
export function sourceText({ messages }: ModelRequest): string {
  return messages.map(({ content }) => (typeof content === 'string' ? content : responseText(content))).join('\n');
}

/** Estimated Jaccard similarity, 0 to 1; exact while both texts have no more pieces than a sketch keeps. */
export function similarity(left: string, right: string): number {
  const [one, other] = [hashesIn(left), hashesIn(right)];
  let [inOne, inOther, union, shared] = [0, 0, 0, 0];
  while (union < sketchSize && (inOne < one.length || inOther < other.length)) {
    const [a, b] = [one[inOne] ?? Infinity, other[inOther] ?? Infinity];
    union += 1;
    if (a === b) shared += 1;
    if (a <= b) inOne += 1;
    if (b <= a) inOther += 1;
  }
  return union === 0 ? 0 : shared / union;
}

/** Whether texts may be as similar as that: an estimate that is too low must not keep an entry that should go. */
export function mayBeSimilar(left: string, right: string, threshold: number): boolean {
  const margin = isWhole(left) && isWhole(right) ? 0 : doubt * Math.sqrt((threshold * (1 - threshold)) / sketchSize);
  return similarity(left, right) >= threshold - margin;
}

/** A sketch that is not full holds every piece of its text. */
const isWhole = (sketch: string): boolean => hashesIn(sketch).length < sketchSize;

/** The smallest different numbers, ascending. */
function smallestOf(hashes: Iterable<number>): readonly number[] {
  let kept: number[] = [];
  let bar = Number.POSITIVE_INFINITY;
  const tidy = (): void => {
    kept = [...new Set(kept)].sort((left, right) => left - right).slice(0, sketchSize);
    if (kept.length === sketchSize) bar = kept[sketchSize - 1] ?? bar;
  };
  for (const hash of hashes) {
    if (hash >= bar) continue;
    kept.push(hash);
    if (kept.length >= sketchSize * 8) tidy();
  }
  tidy();
  return kept;
}

function* shingleHashes(text: string): Generator<number> {
  const last = Math.max(0, text.length - shingleLength);
  if (text === '') return;
  for (let start = 0; start <= last; start += 1)
    yield hashOf(text, start, Math.min(text.length, start + shingleLength));
}

/** FNV-1a with a final mix, so that the smallest hashes are a fair sample. */
function hashOf(text: string, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let index = from; index < to; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hashesIn(sketch: string): readonly number[] {
  const bytes = Buffer.from(sketch, 'base64');
  const hashes: number[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) hashes.push(bytes.readUInt32LE(at));
  return hashes;
}
