import type { CacheTier } from '../core/events.js';
import type { CacheGroup } from '../core/integration-service.js';
import type { NanoUsd, Usage } from '../core/response.js';

/** Pairs of tenant and model that are counted by themselves; the rest shares a group. */
const mostGroups = 1_000;
const rest = 'other';

interface Served {
  readonly tenant: string;
  readonly model: string;
  readonly tier: CacheTier;
  readonly saved: NanoUsd;
  readonly usage: Usage;
}

/** What the cache did, by tenant and model. */
export interface CacheStatistics {
  hit(served: Served): void;
  missed(tenant: string, model: string): void;
  /** The groups of one tenant: nobody sees what others ask. */
  of(tenant: string): readonly CacheGroup[];
}

type Counts = { -readonly [Name in keyof CacheGroup]: CacheGroup[Name] };

export function createCacheStatistics(): CacheStatistics {
  const groups = new Map<string, Map<string, Counts>>();
  let size = 0;

  const modelsOf = (tenant: string): Map<string, Counts> => {
    const known = groups.get(tenant) ?? groups.get(size < mostGroups ? tenant : rest);
    const models = known ?? new Map<string, Counts>();
    if (!known) groups.set(size < mostGroups ? tenant : rest, models);
    return models;
  };
  const group = (tenant: string, model: string): Counts => {
    const models = modelsOf(tenant);
    const name = models.has(model) || size < mostGroups ? model : rest;
    const counts = models.get(name) ?? { model: name, hits: 0, joined: 0, misses: 0, saved: 0, savedTokens: 0 };
    if (!models.has(name)) size += 1;
    models.set(name, counts);
    return counts;
  };

  return {
    hit: ({ tenant, model, tier, saved, usage }) => {
      const counts = group(tenant, model);
      if (tier === 'flight') counts.joined += 1;
      else counts.hits += 1;
      counts.saved += saved;
      counts.savedTokens += usage.totalTokens;
    },
    missed: (tenant, model) => {
      group(tenant, model).misses += 1;
    },
    of: (tenant) => [...(groups.get(tenant)?.values() ?? [])].map((counts) => ({ ...counts })),
  };
}
