import { type CharacterTables, kindCount } from './character-kinds.js';
import type { CueTable } from './cue-table.js';
import { mixHash } from './hashing.js';
import { windowCharacters } from './text-window.js';

export const bucketBits = 14;
const bucketShift = 32 - bucketBits;
const mostHits = 4_096;
const mostBuckets = windowCharacters * 5;
/** Longest entry of the lexicon in a script without spaces; so many zeros stand after the text. */
export const longestUnspaced = 16;
/** Longest phrase of the lexicon, in words. */
export const longestPhrase = 5;

/** Counts beside those of the character kinds. */
export const shape = {
  words: 0,
  numbers: 1,
  snakeCase: 2,
  camelCase: 3,
  callOrMember: 4,
  latexCommand: 5,
  indentedLine: 6,
  singleLetter: 7,
  optionMarker: 8,
  codeOperator: 9,
  lineEndBracket: 10,
  foreignLatinWord: 11,
  capitalised: 12,
  letters: 13,
  longNumber: 14,
} as const;
const shapeCount = 15;

/** What one pass over a text found. The arrays are reused by the next scan. */
export interface Scan {
  /** Buckets of hashed words, pairs of words and pieces of words; the first `bucketCount` count. */
  readonly buckets: Uint16Array;
  bucketCount: number;
  readonly kindCounts: Int32Array;
  readonly shapes: Int32Array;
  /** Cue masks with the number of the word at which they were met; the first `hitCount` count. */
  readonly hitMasks: Int32Array;
  readonly hitWords: Int32Array;
  hitCount: number;
  length: number;
  endsWithQuestion: boolean;
}

/** A text being read. */
export interface Reading {
  readonly scan: Scan;
  readonly table: CueTable;
  readonly characters: CharacterTables;
  /** Folded code units, zeros after the text. */
  readonly codes: Uint16Array;
  text: string;
  /** Hashes of the last word, the last two words and so on; 0 where a line or a script without spaces came between. */
  readonly phrases: Int32Array;
}

export function newReading(characters: CharacterTables, table: CueTable): Reading {
  const scan: Scan = {
    buckets: new Uint16Array(mostBuckets),
    bucketCount: 0,
    kindCounts: new Int32Array(kindCount),
    shapes: new Int32Array(shapeCount),
    hitMasks: new Int32Array(mostHits),
    hitWords: new Int32Array(mostHits),
    hitCount: 0,
    length: 0,
    endsWithQuestion: false,
  };
  const codes = new Uint16Array(windowCharacters + longestUnspaced);
  return { scan, table, characters, codes, phrases: new Int32Array(longestPhrase), text: '' };
}

/** Makes ready for another text. */
export function beginReading(reading: Reading, text: string): void {
  const { scan, codes, characters } = reading;
  const length = Math.min(text.length, windowCharacters);
  for (let index = 0; index < length; index += 1) codes[index] = characters.folded[text.charCodeAt(index)] ?? 0;
  codes.fill(0, length);
  scan.kindCounts.fill(0);
  scan.shapes.fill(0);
  scan.bucketCount = 0;
  scan.hitCount = 0;
  scan.length = length;
  reading.text = text;
  reading.phrases.fill(0);
}

export const codeAt = ({ codes }: Reading, index: number): number => codes[index] ?? 0;
export const kindAt = (reading: Reading, index: number): number =>
  reading.characters.kinds[codeAt(reading, index)] ?? 0;

export function count({ shapes }: Scan, index: number, by = 1): void {
  shapes[index] = (shapes[index] ?? 0) + by;
}

export function emit(scan: Scan, hash: number): void {
  if (scan.bucketCount >= mostBuckets) return;
  scan.buckets[scan.bucketCount] = mixHash(hash) >>> bucketShift;
  scan.bucketCount += 1;
}

export function hit(scan: Scan, mask: number): void {
  if (mask === 0 || scan.hitCount >= mostHits) return;
  scan.hitMasks[scan.hitCount] = mask;
  scan.hitWords[scan.hitCount] = scan.shapes[shape.words] ?? 0;
  scan.hitCount += 1;
}
