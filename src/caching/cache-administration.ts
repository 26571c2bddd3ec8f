import type { Clock } from '../core/clock.js';
import type {
  CacheAdministration,
  CacheLayerReport,
  CacheReport,
  CacheSelection,
  CallOptions,
  WarmPlan,
  WarmReport,
} from '../core/integration-service.js';
import type { Caller } from '../core/pipeline.js';
import { tenantName } from './cache-key.js';
import type { CacheManager } from './cache-manager.js';
import type { CacheStatistics } from './cache-statistics.js';
import type { DropRule } from './drop-rules.js';
import type { HotRequests } from './hot-requests.js';
import type { LayerStats } from './layer-count.js';
import { textSketch } from './text-sketch.js';

const toldTop = 10;

export interface CacheAdministrationOptions {
  readonly cache: CacheManager;
  readonly maxBytes: number;
  readonly statistics: CacheStatistics;
  readonly hot: HotRequests;
  readonly clock: Clock;
  readonly warm: (plan: WarmPlan, options: CallOptions) => Promise<WarmReport>;
}

/** What an operator sees and does; everything is about the caller's own tenant. */
export function createCacheAdministration(options: CacheAdministrationOptions): CacheAdministration {
  const { cache, hot, clock, warm } = options;
  return {
    stats: ({ tenant }) => report(options, tenantName(tenant)),
    invalidate: async (selection, caller, dryRun) => {
      const rule = ruleOf(selection, caller, clock.nowMs());
      if (dryRun) return { entries: cache.count(rule), dryRun };
      // Questions of a tenant that wants all of its answers gone must not stay behind either.
      if (Object.keys(selection).length === 0) hot.forget(rule.tenant);
      return { entries: await cache.drop(rule), dryRun };
    },
    warm,
    top: ({ tenant }, count) => hot.top(tenantName(tenant), count).map(({ request }) => request),
  };
}

function report({ cache, maxBytes, statistics, hot }: CacheAdministrationOptions, tenant: string): CacheReport {
  const { layers, bytes, entries, evictions, policy, measured, shared } = cache.stats();
  return {
    layers: [layerReport('memory', layers.memory), ...(shared ? [layerReport('redis', layers.redis)] : [])],
    bytes,
    maxBytes,
    entries,
    evictions,
    eviction: policy,
    ...(measured && { measured }),
    ...(shared && { shared }),
    groups: statistics.of(tenant),
    top: hot.top(tenant, toldTop).map(({ key, hits, saved }) => ({ key, hits, saved })),
  };
}

const layerReport = (layer: string, { hits, misses, times }: LayerStats): CacheLayerReport => ({
  layer,
  hits,
  misses,
  ...(times && { p50Ms: times.p50, p99Ms: times.p99 }),
});

function ruleOf(selection: CacheSelection, caller: Caller, nowMs: number): DropRule {
  const { olderThanSeconds = 0, similar, tag, ...same } = selection;
  return {
    ...same,
    tenant: tenantName(caller.tenant),
    beforeMs: nowMs - olderThanSeconds * 1_000,
    ...(tag && { tag: { name: tag.name, ...(tag.value !== undefined && { value: tag.value }) } }),
    ...(similar && { similar: { sketch: textSketch(similar.text), threshold: similar.threshold } }),
  };
}
