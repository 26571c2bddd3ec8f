import { kind } from './character-kinds.js';
import { extendHash, hashSeed, joinHashes } from './hashing.js';
import { codeAt, count, emit, hit, kindAt, longestPhrase, type Reading, shape } from './scan.js';

const space = 0x20;
const pieceSeed = 0x3f1;
const pairSalt = 0x5bd1e995;

/** Reads a word of letters (and the digits and signs in names such as c++); returns the position after it. */
export function readWord(reading: Reading, start: number): number {
  const { scan, table } = reading;
  let hash = hashSeed;
  let [third, second, first] = [space, space, space];
  let end = start;
  for (; isWordPart(reading, end, start); end += 1) {
    const code = codeAt(reading, end);
    hash = extendHash(hash, code);
    hit(scan, table.stem(hash));
    third = second;
    second = first;
    first = code;
    emit(scan, extendHash(extendHash(extendHash(pieceSeed, third), second), first));
  }
  emit(scan, extendHash(extendHash(extendHash(pieceSeed, second), first), space));
  noteLetters(reading, start, end);
  noteNeighbours(reading, start, end);
  endWord(reading, hash);
  return end;
}

/** Letters and digits go on a word; `+` and `#` do near its start if it is Latin, for the names of languages. */
function isWordPart(reading: Reading, index: number, start: number): boolean {
  const sort = kindAt(reading, index);
  if (sort >= kind.latin && sort <= kind.hangul) return true;
  if (index === start) return false;
  if (sort === kind.digit) return true;
  const code = codeAt(reading, index);
  return (code === 0x2b || code === 0x23) && index - start <= 2 && kindAt(reading, start) === kind.latin;
}

/** Looks a word up, alone and as the end of phrases. */
export function endWord({ scan, table, phrases }: Reading, hash: number): void {
  emit(scan, hash);
  hit(scan, table.exact(hash));
  const previous = phrases[0] ?? 0;
  if (previous !== 0) emit(scan, joinHashes(previous, hash) ^ pairSalt);
  for (let length = longestPhrase - 1; length > 0; length -= 1) {
    const before = phrases[length - 1] ?? 0;
    const phrase = before === 0 ? 0 : joinHashes(before, hash);
    phrases[length] = phrase;
    if (phrase !== 0) hit(scan, table.exact(phrase));
  }
  phrases[0] = hash;
  count(scan, shape.words);
}

function noteLetters(reading: Reading, start: number, end: number): void {
  const { scan, text } = reading;
  if (end - start === 1) count(scan, shape.singleLetter);
  if (isCapital(text, start)) count(scan, shape.capitalised);
  for (let index = start + 1; index < end; index += 1) {
    if (isCapital(text, index) && !isCapital(text, index - 1)) count(scan, shape.camelCase);
  }
  count(scan, shape.letters, end - start);
  if (kindAt(reading, start) === kind.latin) count(scan, shape.foreignLatinWord);
}

function isCapital(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 65 && code <= 90;
}

/** What stands around a word and makes it a name in code, a command of LaTeX or the mark of an option. */
function noteNeighbours(reading: Reading, start: number, end: number): void {
  const { scan } = reading;
  const after = kindAt(reading, end);
  const beyond = kindAt(reading, end + 1);
  const member = after === kind.dot && beyond === kind.latin && codeAt(reading, end) === 0x2e;
  if (after === kind.underscore && beyond === kind.latin) count(scan, shape.snakeCase);
  if (member || codeAt(reading, end) === 0x28) count(scan, shape.callOrMember);
  if (start > 0 && kindAt(reading, start - 1) === kind.backslash) count(scan, shape.latexCommand);
  if (end - start === 1 && beyond === kind.space && endsOption(codeAt(reading, end))) count(scan, shape.optionMarker);
}

const endsOption = (code: number): boolean => code === 0x29 || code === 0x2e;
