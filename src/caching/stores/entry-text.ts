import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Sealer } from '../../storage/sealer.js';
import { type CacheEntry, decodeEntry, encodeEntry } from '../cache-entry.js';

const pack = promisify(deflateRaw);
const unpack = promisify(inflateRaw);

/** Shorter texts gain nothing worth the time. */
const compressedFromBytes = 1_024;
export const largestEntryBytes = 4 * 1_048_576;

/** First byte of a value, which says what was done to the entry. Other values are not ours. */
const plain = 0x70;
const packed = 0x7a;
/** Around the two, when there is a key. */
const sealedMark = 0x73;

/** How entries stand in a store that others can read. */
export interface EntryText {
  /** Undefined when the entry is too large to be kept. */
  write(key: string, entry: CacheEntry): Promise<string | undefined>;
  /** Undefined when the text is damaged, foreign, of another version, or was not written with a key that is here. */
  read(key: string, text: string): Promise<CacheEntry | undefined>;
}

/** With a sealer only sealed entries are written and believed. */
export function createEntryText(sealer: Sealer | undefined): EntryText {
  return {
    write: async (key, entry) => {
      const json = Buffer.from(encodeEntry(key, entry));
      if (json.length > largestEntryBytes) return undefined;
      const body = json.length < compressedFromBytes ? marked(plain, json) : marked(packed, await pack(json));
      return (sealer ? marked(sealedMark, sealer.seal(body, key)) : body).toString('base64');
    },
    read: async (key, text) => {
      const value = Buffer.from(text, 'base64');
      const body = sealer ? opened(sealer, key, value) : value;
      const json = body && (await expanded(body));
      return json && decodeEntry(key, json.toString());
    },
  };
}

const marked = (mark: number, body: Buffer): Buffer => Buffer.concat([Buffer.of(mark), body]);

const opened = (sealer: Sealer, key: string, value: Buffer): Buffer | undefined =>
  value[0] === sealedMark ? sealer.open(value.subarray(1), key) : undefined;

async function expanded(body: Buffer): Promise<Buffer | undefined> {
  if (body[0] === plain) return body.subarray(1);
  if (body[0] !== packed) return undefined;
  // The limit keeps a small value from becoming gigabytes.
  return unpack(body.subarray(1), { maxOutputLength: largestEntryBytes }).catch(() => undefined);
}
