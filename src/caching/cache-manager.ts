import type { Clock } from '../core/clock.js';
import type { CacheTier } from '../core/events.js';
import type { CacheEntry, CacheStore } from './cache-entry.js';
import { createMemoryStore } from './stores/memory-store.js';

/** A layer that keeps answers; `flight` only shares those that are being made. */
type CacheLayer = Exclude<CacheTier, 'flight'>;

export interface LayerStats {
  readonly hits: number;
  readonly misses: number;
}

export interface CacheStats {
  readonly layers: Readonly<Record<CacheLayer, LayerStats>>;
  /** Of the memory layer, overhead included. */
  readonly bytes: number;
  readonly entries: number;
  readonly evictions: number;
}

export interface FoundEntry {
  readonly entry: CacheEntry;
  readonly tier: CacheLayer;
}

export interface CacheManager {
  get(key: string): Promise<FoundEntry | undefined>;
  /** In memory when it returns; in Redis soon after. */
  set(key: string, entry: CacheEntry): Promise<void>;
  delete(key: string): Promise<void>;
  stats(): CacheStats;
  close(): Promise<void>;
}

export interface CacheManagerOptions {
  readonly memory: { readonly maxBytes: number };
  /** The layer that several servers share. Undefined: answers are kept in this process only. */
  readonly shared?: CacheStore;
  readonly clock: Clock;
}

/** Two layers: this process, and Redis where it is configured. What Redis has is kept in memory too once it was asked for. */
export function createCacheManager({ memory, shared, clock }: CacheManagerOptions): CacheManager {
  const local = createMemoryStore({ ...memory, clock });
  const counts = { memory: { hits: 0, misses: 0 }, redis: { hits: 0, misses: 0 } };
  /** Equal look-ups in Redis at the same time are one. As many as there are calls in flight, at most. */
  const lookups = new Map<string, Promise<CacheEntry | undefined>>();

  const count = (layer: CacheLayer, entry: CacheEntry | undefined): void => {
    counts[layer][entry ? 'hits' : 'misses'] += 1;
  };
  const lookUp = async (key: string): Promise<CacheEntry | undefined> => {
    const entry = await shared?.get(key);
    if (entry) await local.set(key, entry);
    return entry;
  };
  const lookUpOnce = (key: string): Promise<CacheEntry | undefined> => {
    const lookup = lookups.get(key) ?? lookUp(key).finally(() => lookups.delete(key));
    lookups.set(key, lookup);
    return lookup;
  };

  return {
    get: async (key) => {
      const near = await local.get(key);
      count('memory', near);
      if (near) return { entry: near, tier: 'memory' };
      if (!shared) return undefined;
      const far = await lookUpOnce(key);
      count('redis', far);
      return far && { entry: far, tier: 'redis' };
    },
    set: async (key, entry) => {
      await local.set(key, entry);
      // The answer does not wait for Redis; the store bounds how many writes there can be and never rejects.
      void shared?.set(key, entry);
    },
    delete: async (key) => {
      await Promise.all([local.delete(key), shared?.delete(key)]);
    },
    stats: () => ({
      layers: { memory: { ...counts.memory }, redis: { ...counts.redis } },
      bytes: local.bytes(),
      entries: local.entries(),
      evictions: local.evictions(),
    }),
    close: async () => {
      await Promise.all([local.close(), shared?.close()]);
    },
  };
}
