/*
 * What each UTF-16 code unit is to the scanner, as two tables: its kind, and its folded form (lower case, Latin accents
 * removed). Tables, because a decision looks at up to two thousand characters and has a few microseconds.
 */

export const kind = {
  other: 0,
  space: 1,
  newline: 2,
  latin: 3,
  cyrillic: 4,
  greek: 5,
  semitic: 6,
  indic: 7,
  hangul: 8,
  han: 9,
  kana: 10,
  thai: 11,
  digit: 12,
  bracket: 13,
  parenthesis: 14,
  equals: 15,
  operator: 16,
  underscore: 17,
  backslash: 18,
  dollar: 19,
  currency: 20,
  percent: 21,
  backtick: 22,
  question: 23,
  quote: 24,
  dot: 25,
  punctuation: 26,
  hash: 27,
  surrogate: 28,
  logicSign: 29,
  bullet: 30,
} as const;

export const kindCount = 31;

export interface CharacterTables {
  readonly kinds: Uint8Array;
  readonly folded: Uint16Array;
}

const signs: readonly (readonly [string, number])[] = [
  [' \t\u00a0\u3000\u200b', kind.space],
  ['\n\r\u2028', kind.newline],
  ['0123456789٠١٢٣٤٥٦٧٨٩०१२३४५६७८९০১২৩৪৫৬৭৮৯０１２３４５６７８９', kind.digit],
  ['{}[];<>|&@', kind.bracket],
  ['()（）', kind.parenthesis],
  ['=', kind.equals],
  ['+*/^×÷±√∑∏∫∞°', kind.operator],
  ['_', kind.underscore],
  ['\\', kind.backslash],
  ['$', kind.dollar],
  ['€£¥₹₽', kind.currency],
  ['%％', kind.percent],
  ['`', kind.backtick],
  ['?？؟', kind.question],
  ['"“”«»「」『』', kind.quote],
  ['.。।', kind.dot],
  [',:!，、：！،', kind.punctuation],
  ['#', kind.hash],
  ['∀∃⊃∨∧¬~≡→⇒↔≤≥≠∈⊂∩∪', kind.logicSign],
  ['•-–—', kind.bullet],
];

const letterRanges: readonly (readonly [from: number, to: number, kind: number])[] = [
  [0x41, 0x5a, kind.latin],
  [0x61, 0x7a, kind.latin],
  [0xc0, 0x24f, kind.latin],
  [0x300, 0x36f, kind.latin],
  [0x370, 0x3ff, kind.greek],
  [0x400, 0x52f, kind.cyrillic],
  [0x590, 0x6ff, kind.semitic],
  [0x900, 0xdff, kind.indic],
  [0xe00, 0xeff, kind.thai],
  [0x1100, 0x11ff, kind.hangul],
  [0x1e00, 0x1eff, kind.latin],
  [0x3040, 0x30ff, kind.kana],
  [0x3400, 0x9fff, kind.han],
  [0xac00, 0xd7a3, kind.hangul],
  [0xd800, 0xdfff, kind.surrogate],
  [0xf900, 0xfaff, kind.han],
];

/** Letters that Unicode does not take apart into letter and accent, and the sigma at the end of a word. */
const inseparable: Readonly<Record<string, string>> = { ς: 'σ', đ: 'd', ø: 'o', ł: 'l', ı: 'i', æ: 'a', œ: 'o' };
/** Where scripts with capitals or Latin accents are. */
const casedRanges: readonly (readonly [from: number, to: number])[] = [
  [0x41, 0x5a],
  [0xc0, 0x24f],
  [0x370, 0x587],
  [0x1e00, 0x1fff],
];

let tables: CharacterTables | undefined;

/** The tables, built on first use (about a millisecond). */
export function characterTables(): CharacterTables {
  tables ??= { kinds: buildKinds(), folded: buildFolded() };
  return tables;
}

function buildKinds(): Uint8Array {
  const kinds = new Uint8Array(65_536);
  for (const [from, to, letter] of letterRanges) kinds.fill(letter, from, to + 1);
  for (const [members, sign] of signs) for (const member of members) kinds[member.charCodeAt(0)] = sign;
  return kinds;
}

function buildFolded(): Uint16Array {
  const folded = new Uint16Array(65_536);
  for (let code = 0; code < folded.length; code += 1) folded[code] = code;
  for (const [from, to] of casedRanges) {
    for (let code = from; code <= to; code += 1) folded[code] = foldedCode(code);
  }
  return folded;
}

function foldedCode(code: number): number {
  const lower = String.fromCharCode(code).toLowerCase();
  const plain = code < 0x400 || code >= 0x1e00 ? lower.normalize('NFD') : lower;
  return (inseparable[plain] ?? plain).charCodeAt(0);
}
