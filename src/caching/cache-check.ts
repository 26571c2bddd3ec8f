import type { CheckResult, HealthCheck } from '../core/ports.js';
import type { CacheManager, CacheStats } from './cache-manager.js';

/** Tells when the layer that replicas share is out of use. Calls go on without it, so that it is never worse than degraded. */
export function createCacheCheck(cache: Pick<CacheManager, 'stats'>): HealthCheck {
  return {
    name: 'cache',
    run: async () => {
      const { shared, entries, bytes } = cache.stats();
      const held = `${entries} answers, ${(bytes / 1e6).toFixed(1)} MB in memory`;
      return shared ? sharedOutcome(shared, held) : { status: 'healthy', detail: `${held}.` };
    },
  };
}

function sharedOutcome({ inUse, full, lostWrites }: NonNullable<CacheStats['shared']>, held: string): CheckResult {
  if (!inUse) {
    return {
      status: 'degraded',
      detail: `${held}; Redis does not answer, so that replicas share neither answers nor invalidations.`,
      remedy: 'Check that the Redis of BEDROCK_REDIS_URL runs and answers in time (and BEDROCK_REDIS_CLUSTER).',
    };
  }
  if (full) {
    return {
      status: 'degraded',
      detail: `${held}; Redis is full and refuses new answers; those it has are served.`,
      remedy:
        'Give the Redis of BEDROCK_REDIS_URL more memory, or a maxmemory-policy that makes room, such as allkeys-lru.',
    };
  }
  const lost = lostWrites > 0 ? `, ${lostWrites} writes lost since the start` : '';
  return { status: 'healthy', detail: `${held}; Redis in use${lost}.` };
}
