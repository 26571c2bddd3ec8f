import type { Clock } from '../core/clock.js';
import type { CacheTier, ServerEvent } from '../core/events.js';
import type { CacheEntry } from './cache-entry.js';
import { createDropRules, type DroppedFrom, type DropRule, type DropRules, isDroppedBy } from './drop-rules.js';
import type { EvictionSetting, TableStats } from './eviction/weighed-table.js';
import { createLayerCount, type LayerStats } from './layer-count.js';
import type { AnswerClaims, Claim } from './stores/answer-claims.js';
import { createMemoryStore, type MemoryStore } from './stores/memory-store.js';
import type { OpenSharedLayer, SharedLayer } from './stores/shared-layer.js';

/** A layer that keeps answers; `flight` only shares those that are being made. */
export type CacheLayer = Exclude<CacheTier, 'flight'>;

export interface CacheStats extends TableStats {
  readonly layers: Readonly<Record<CacheLayer, LayerStats>>;
  /** Undefined: answers are kept in this process only. */
  readonly shared?: { readonly inUse: boolean; readonly lostWrites: number; readonly full: boolean };
}

export interface FoundEntry {
  readonly entry: CacheEntry;
  readonly tier: CacheLayer;
  /** How often it was found in memory since it was kept there. */
  readonly hits: number;
}

export interface CacheManager {
  get(key: string): Promise<FoundEntry | undefined>;
  /** The same without counting it as a use. */
  peek(key: string): Promise<FoundEntry | undefined>;
  /** In memory when it returns; the promise is that of the shared layer, which never rejects. */
  set(key: string, entry: CacheEntry, claim?: Claim): Promise<void>;
  /** Drops what the rule says everywhere, and tells how many entries of this process that were. */
  drop(rule: DropRule): Promise<number>;
  /** How many entries of this process the rule would drop. */
  count(rule: DropRule): number;
  /** Told after something was dropped, here or by another process, and of which tenants. */
  onDrop(listener: (tenants: DroppedFrom) => void): void;
  /** Who makes an answer, where several processes could; undefined where this is the only one. */
  readonly claims?: AnswerClaims;
  stats(): CacheStats;
  /** Lets writes to the shared layer end. */
  close(): Promise<void>;
}

export interface CacheManagerOptions {
  readonly memory: { readonly maxBytes: number; readonly eviction?: EvictionSetting };
  /** The layer that several servers share. */
  readonly shared?: OpenSharedLayer;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
}

/** Two layers: this process, and Redis where it is configured. What Redis has is kept in memory too once it was asked for. */
export function createCacheManager(options: CacheManagerOptions): CacheManager {
  const { clock } = options;
  const local = createMemoryStore({ ...options.memory, clock });
  const rules = createDropRules(clock.nowMs);
  const dropping = createDropping(local, rules, options.onServerEvent);
  const shared = options.shared?.({ onRule: dropping.byRule, onAll: dropping.byAll });
  const counts = { memory: createLayerCount(clock), redis: createLayerCount(clock) };
  const writes = createOpenWrites();
  const fetch = joined((key) => fetchShared({ shared, local, rules }, key));

  return {
    get: async (key) => {
      const near = counts.memory.of(() => local.find(key));
      if (near) return { ...near, tier: 'memory' };
      if (!shared) return undefined;
      const far = await counts.redis.ofLater(() => fetch(key));
      return far && { entry: far, tier: 'redis', hits: 1 };
    },
    peek: async (key) => {
      const near = local.peek(key);
      if (near) return { ...near, tier: 'memory' };
      const far = await fetch(key);
      return far && { entry: far, tier: 'redis', hits: 0 };
    },
    set: async (key, entry, claim) => {
      // It was asked for before somebody dropped its like, so that it may hold what was to go.
      if (rules.drops(key, entry)) return;
      await local.set(key, entry);
      dropping.report();
      if (shared) await writes.track(shared.store.set(key, entry, claim));
    },
    drop: async (rule) => {
      const dropped = dropping.byRule(rule);
      if (rule.key !== undefined) await shared?.store.delete(rule.key);
      await shared?.drops.announce(rule);
      return dropped;
    },
    count: (rule) => local.select((key, entry) => isDroppedBy(rule, key, entry), false),
    onDrop: dropping.listen,
    ...(shared && { claims: shared.claims }),
    stats: () => ({
      ...local.stats(),
      layers: { memory: counts.memory.read(), redis: counts.redis.read() },
      ...(shared && { shared: sharedStats(shared) }),
    }),
    close: async () => {
      await writes.ended();
      shared?.drops.close();
    },
  };
}

function sharedStats({ drops, writes }: SharedLayer) {
  const { lost, full } = writes();
  return { inUse: drops.isCurrent(), lostWrites: lost, full };
}

interface Layers {
  readonly shared: SharedLayer | undefined;
  readonly local: MemoryStore;
  readonly rules: DropRules;
}

async function fetchShared({ shared, local, rules }: Layers, key: string): Promise<CacheEntry | undefined> {
  // Until it is known what others dropped, the shared layer may hold it still.
  if (!shared?.drops.isCurrent()) return undefined;
  const entry = await shared.store.get(key);
  if (entry && rules.drops(key, entry)) {
    await shared.store.delete(key);
    return undefined;
  }
  if (entry) await local.set(key, entry);
  return entry;
}

/** Drops what rules say from the memory of this process, and tells who wants to know. */
function createDropping(local: MemoryStore, rules: DropRules, onServerEvent: (event: ServerEvent) => void) {
  const listeners: ((tenants: DroppedFrom) => void)[] = [];
  let invalidations = 0;
  const report = (): void => {
    const { bytes, entries, evictions } = local.stats();
    onServerEvent({ type: 'cache-changed', bytes, entries, evictions, invalidations });
  };
  const drop = (tenants: DroppedFrom, matches: (key: string, entry: CacheEntry) => boolean): number => {
    const dropped = local.select(matches, true);
    invalidations += dropped;
    for (const listener of listeners) listener(tenants);
    report();
    return dropped;
  };
  return {
    report,
    listen: (listener: (tenants: DroppedFrom) => void): void => {
      listeners.push(listener);
    },
    byRule: (rule: DropRule): number => {
      rules.add(rule);
      return drop(new Set([rule.tenant]), (key, entry) => isDroppedBy(rule, key, entry));
    },
    byAll: (all: readonly DropRule[]): void => {
      // The same rules come again each time Redis does: nobody has to be told of them twice.
      drop(rules.replace(all), rules.drops);
    },
  };
}

/** Equal look-ups at the same time are one. As many as there are calls in flight, at most. */
function joined<T>(lookUp: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key) => {
    const lookup = underWay.get(key) ?? lookUp(key).finally(() => underWay.delete(key));
    underWay.set(key, lookup);
    return lookup;
  };
}

/** Promises that have not settled; they do so within the time-out of Redis. */
function createOpenWrites() {
  const open = new Set<Promise<void>>();
  return {
    track: (write: Promise<void>): Promise<void> => {
      open.add(write);
      return write.finally(() => open.delete(write));
    },
    ended: async (): Promise<void> => {
      await Promise.allSettled([...open]);
    },
  };
}
