import { LRUCache } from 'lru-cache';
import type { Clock } from '../../core/clock.js';
import type { CacheEntry, CacheStore } from '../cache-entry.js';

/** Objects, key and slots around the text of an entry; measured at about 1.3 KB for an answer of one block. */
const overheadBytes = 2_048;
/** One answer may take this share of the store, so that a giant does not drive out everything else. */
const largestShare = 1 / 8;

export interface MemoryStoreOptions {
  /** All entries with their overhead stay below it. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

export interface MemoryStore extends CacheStore {
  bytes(): number;
  entries(): number;
  /** Entries dropped for want of room, not for age. */
  evictions(): number;
}

/** Answers in this process, bounded in bytes, least recently used dropped first. */
export function createMemoryStore({ maxBytes, clock }: MemoryStoreOptions): MemoryStore {
  let evictions = 0;
  const cache = new LRUCache<string, CacheEntry>({
    maxSize: maxBytes,
    maxEntrySize: Math.max(1, Math.floor(maxBytes * largestShare)),
    // lru-cache takes a start time of 0 for "no expiry".
    perf: { now: () => clock.monotonicMs() + 1 },
    // 0: ask the clock each time, instead of keeping a timer to forget a remembered time.
    ttlResolution: 0,
    dispose: (_entry, _key, reason) => {
      if (reason === 'evict') evictions += 1;
    },
  });
  return {
    get: async (key) => cache.get(key),
    set: async (key, entry) => {
      const ttl = entry.expiresAtMs - clock.nowMs();
      if (ttl <= 0) return;
      const text = JSON.stringify(entry);
      // A copy of our own, frozen: nobody who got the answer can change what others will get.
      cache.set(key, deepFreeze(JSON.parse(text) as CacheEntry), { ttl, size: bytesOf(text) });
    },
    delete: async (key) => {
      cache.delete(key);
    },
    close: async () => cache.clear(),
    bytes: () => cache.calculatedSize,
    entries: () => cache.size,
    evictions: () => evictions,
  };
}

/** V8 keeps a text in one byte a character while all are Latin-1, else in two. */
function bytesOf(text: string): number {
  const wide = /[\u0100-\uffff]/.test(text);
  return text.length * (wide ? 2 : 1) + overheadBytes;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const field of Object.values(value)) deepFreeze(field);
  }
  return value;
}
