import { type CharacterTables, kind } from './character-kinds.js';
import type { CueTable } from './cue-table.js';
import { extendHash, hashSeed } from './hashing.js';
import {
  beginReading,
  codeAt,
  count,
  emit,
  hit,
  kindAt,
  longestUnspaced,
  newReading,
  type Reading,
  type Scan,
  shape,
} from './scan.js';
import { endWord, readWord } from './word-reader.js';

export interface Scanner {
  scan(text: string): Scan;
}

const numberWord = 0x6e756d;
const operatorSeed = 0x7a3;

/** Reads a text once, character by character, without making a string. Not reentrant: the result is its scratch space. */
export function createScanner(characters: CharacterTables, table: CueTable): Scanner {
  const reading = newReading(characters, table);
  const { scan } = reading;
  return {
    scan: (text) => {
      beginReading(reading, text);
      for (let index = 0; index < scan.length; ) index = readAt(reading, index);
      scan.endsWithQuestion = endsWithQuestion(reading);
      return scan;
    },
  };
}

/** Reads what begins at a position; returns the position after it. */
function readAt(reading: Reading, index: number): number {
  const sort = kindAt(reading, index);
  const { kindCounts } = reading.scan;
  kindCounts[sort] = (kindCounts[sort] ?? 0) + 1;
  if (sort >= kind.latin && sort <= kind.hangul) return readWord(reading, index);
  if (sort >= kind.han && sort <= kind.thai) return readUnspaced(reading, index);
  if (sort === kind.digit) return readNumber(reading, index);
  readSign(reading, index, sort);
  return index + 1;
}

/** A character of a script without spaces: looks for the strings of the lexicon that begin here. */
function readUnspaced(reading: Reading, start: number): number {
  const { scan, table } = reading;
  const end = Math.min(scan.length, start + longestUnspaced);
  let hash = hashSeed;
  for (let index = start; index < end; index += 1) {
    hash = extendHash(hash, codeAt(reading, index));
    if (index <= start + 1) emit(scan, hash);
    hit(scan, table.exact(hash));
    if (index > start && !table.begins(hash)) break;
  }
  // Two characters are about a word.
  if (start % 2 === 0) count(scan, shape.words);
  reading.phrases.fill(0);
  return start + 1;
}

function readNumber(reading: Reading, start: number): number {
  let end = start;
  while (kindAt(reading, end) === kind.digit) end += 1;
  count(reading.scan, shape.numbers);
  if (end - start > 2) count(reading.scan, shape.longNumber);
  endWord(reading, numberWord);
  return end;
}

function readSign(reading: Reading, start: number, sort: number): void {
  const { scan } = reading;
  const next = start + 1 < scan.length ? kindAt(reading, start + 1) : kind.newline;
  if (sort === kind.newline) {
    if (next === kind.space && kindAt(reading, start + 2) === kind.space) count(scan, shape.indentedLine);
    reading.phrases.fill(0);
  }
  if (sort === kind.bracket && next === kind.newline) count(scan, shape.lineEndBracket);
  if (isCodeSign(sort) && isCodeSign(next)) {
    count(scan, shape.codeOperator);
    emit(scan, extendHash(extendHash(operatorSeed, codeAt(reading, start)), codeAt(reading, start + 1)));
  }
}

const isCodeSign = (sort: number): boolean => sort === kind.equals || sort === kind.bracket;

function endsWithQuestion(reading: Reading): boolean {
  let last = reading.scan.length - 1;
  while (last > 0 && isBlank(kindAt(reading, last))) last -= 1;
  return kindAt(reading, last) === kind.question;
}

const isBlank = (sort: number): boolean => sort === kind.space || sort === kind.newline;
