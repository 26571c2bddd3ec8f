import { type CharacterTables, kind } from './character-kinds.js';
import { cueLexicon, cues } from './cue-lexicon.js';
import { extendHash, hashSeed, joinHashes, mixHash } from './hashing.js';

/** The lexicon as an open-addressing table of hashes. Cues are bits of a mask, because a word may belong to several. */
export interface CueTable {
  /** Cues of a whole word, a phrase of two or three words, or a string of a script without spaces. */
  exact(hash: number): number;
  /** Cues of a stem, asked at each character of a word. */
  stem(hash: number): number;
  /** True when a longer string of a script without spaces begins so. */
  begins(hash: number): boolean;
}

const capacity = 16_384;
/** One byte for each 16-bit fold of a hash: what may be there at all, so that most look-ups end at one read. */
const filterBits = { exact: 1, stem: 2, begins: 4 } as const;
const filterPlace = (hash: number): number => (hash ^ (hash >>> 16)) & 0xffff;

export function buildCueTable(characters: CharacterTables): CueTable {
  const keys = new Int32Array(capacity);
  const masks = { exact: new Int32Array(capacity), stem: new Int32Array(capacity), begins: new Int32Array(capacity) };
  const filter = new Uint8Array(65_536);
  const slotOf = (hash: number): number => {
    let slot = mixHash(hash) & (capacity - 1);
    while (keys[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & (capacity - 1);
    return slot;
  };
  const add = (hash: number, which: keyof typeof masks, mask: number): void => {
    const slot = slotOf(hash);
    keys[slot] = hash;
    masks[which][slot] = (masks[which][slot] ?? 0) | mask;
    filter[filterPlace(hash)] = (filter[filterPlace(hash)] ?? 0) | filterBits[which];
  };
  cues.forEach((cue, index) => {
    for (const entry of cueLexicon[cue].split(/\s+/)) addEntry(entry, 1 << index, characters, add);
  });
  const mayBe = (hash: number, bit: number): boolean => ((filter[filterPlace(hash)] ?? 0) & bit) !== 0;
  return {
    exact: (hash) => (mayBe(hash, filterBits.exact) ? (masks.exact[slotOf(hash)] ?? 0) : 0),
    stem: (hash) => (mayBe(hash, filterBits.stem) ? (masks.stem[slotOf(hash)] ?? 0) : 0),
    begins: (hash) => mayBe(hash, filterBits.begins) && (masks.begins[slotOf(hash)] ?? 0) !== 0,
  };
}

type AddHash = (hash: number, which: 'exact' | 'stem' | 'begins', mask: number) => void;

function addEntry(entry: string, mask: number, characters: CharacterTables, add: AddHash): void {
  const unspaced = isUnspaced(entry, characters);
  const stem = entry.endsWith('*');
  const words = entry
    .replace('*', '')
    .split(/[_'’.-]/)
    .filter((word) => word !== '');
  const hashes = words.map((word) => hashWord(word, characters));
  const hash = hashes.reduce((left, right) => joinHashes(left, right));
  add(hash, stem && hashes.length === 1 ? 'stem' : 'exact', mask);
  if (!unspaced) return;
  for (let length = 1; length < entry.length; length += 1)
    add(hashWord(entry.slice(0, length), characters), 'begins', 1);
}

export function hashWord(word: string, { folded }: CharacterTables): number {
  let hash = hashSeed;
  for (let index = 0; index < word.length; index += 1) hash = extendHash(hash, folded[word.charCodeAt(index)] ?? 0);
  return hash;
}

function isUnspaced(entry: string, { kinds }: CharacterTables): boolean {
  const first = kinds[entry.charCodeAt(0)] ?? 0;
  return first === kind.han || first === kind.kana || first === kind.thai;
}
