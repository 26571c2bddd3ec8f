import type { HealthCheck } from '../core/ports.js';
import type { CacheManager } from './cache-manager.js';

/** Tells when the layer that replicas share is out of use. Calls go on without it, so that it is never worse than degraded. */
export function createCacheCheck(cache: Pick<CacheManager, 'stats'>): HealthCheck {
  return {
    name: 'cache',
    run: async () => {
      const { shared, entries, bytes } = cache.stats();
      const held = `${entries} answers, ${(bytes / 1e6).toFixed(1)} MB in memory`;
      if (!shared) return { status: 'healthy', detail: `${held}.` };
      if (!shared.inUse) {
        return {
          status: 'degraded',
          detail: `${held}; Redis does not answer, so that replicas share neither answers nor invalidations.`,
          remedy: 'Check that the Redis of BEDROCK_REDIS_URL runs and answers in time (and BEDROCK_REDIS_CLUSTER).',
        };
      }
      if (shared.lostWrites > 0) {
        return {
          status: 'healthy',
          detail: `${held}; Redis in use, ${shared.lostWrites} writes lost since the start.`,
        };
      }
      return { status: 'healthy', detail: `${held}; Redis in use.` };
    },
  };
}
