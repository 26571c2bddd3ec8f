import type { Clock } from '../../core/clock.js';
import type { CacheEntry, CacheStore } from '../cache-entry.js';
import { createWeighedTable, type EvictionSetting, type Slot, type TableStats } from '../eviction/weighed-table.js';

/** Objects, key and slots around the text of an entry; measured at about 1.3 KB for an answer of one block. */
const overheadBytes = 2_048;
/** One answer may take this share of the store, so that a giant does not drive out everything else. */
const largestShare = 1 / 8;

export interface MemoryStoreOptions {
  /** All entries with their overhead stay below it. */
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Default auto. */
  readonly eviction?: EvictionSetting;
}

/** An entry with the number of times it was found since it was kept, this one included. */
export interface FoundInMemory {
  readonly entry: CacheEntry;
  readonly hits: number;
}

export interface MemoryStore extends CacheStore {
  find(key: string): FoundInMemory | undefined;
  /** The same without counting it. */
  peek(key: string): FoundInMemory | undefined;
  /** How many entries match; `drop` also drops them. */
  select(matches: (key: string, entry: CacheEntry) => boolean, drop: boolean): number;
  stats(): TableStats;
}

/** Answers in this process, bounded in bytes. */
export function createMemoryStore({ maxBytes, clock, eviction = 'auto' }: MemoryStoreOptions): MemoryStore {
  const table = createWeighedTable<CacheEntry>({ maxBytes, clock, eviction });
  const largestBytes = maxBytes * largestShare;

  const find = (key: string): FoundInMemory | undefined => found(table.find(key));
  const keep = (key: string, entry: CacheEntry, leftMs: number): void => {
    const text = JSON.stringify(entry);
    const bytes = bytesOf(text);
    if (bytes > largestBytes) {
      table.remove(key);
      return;
    }
    // A copy of our own, frozen: nobody who got the answer can change what others will get.
    const value = deepFreeze(JSON.parse(text) as CacheEntry);
    const { cost, expiresAtMs } = entry;
    table.keep(key, { value, bytes, cost, expiresAtMs, deadAtMs: clock.monotonicMs() + leftMs, hits: 0 });
  };

  return {
    find,
    peek: (key) => found(table.peek(key)),
    get: async (key) => find(key)?.entry,
    set: async (key, entry) => {
      const leftMs = entry.keptUntilMs - clock.nowMs();
      const askedBefore = table.peek(key)?.value.askedAtMs ?? Number.NEGATIVE_INFINITY;
      // The answer to the later question is the newer one, whichever arrived first.
      if (leftMs > 0 && askedBefore <= entry.askedAtMs) keep(key, entry, leftMs);
    },
    delete: async (key) => table.remove(key),
    select: (matches, drop) => {
      const matching = table.living().filter(([key, { value }]) => matches(key, value));
      if (drop) for (const [key] of matching) table.remove(key);
      return matching.length;
    },
    stats: table.stats,
  };
}

const found = (slot: Slot<CacheEntry> | undefined): FoundInMemory | undefined =>
  slot && { entry: slot.value, hits: slot.hits };

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
