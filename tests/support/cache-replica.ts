import { type CacheManager, createCacheManager } from '../../src/caching/cache-manager.js';
import type { CacheRules } from '../../src/caching/cache-policy.js';
import { createCacheStage } from '../../src/caching/cache-stage.js';
import { createCacheStatistics } from '../../src/caching/cache-statistics.js';
import { createHotRequests } from '../../src/caching/hot-requests.js';
import { sharedLayer } from '../../src/caching/stores/shared-layer.js';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import type { Handler } from '../../src/core/pipeline.js';
import type { ModelRequest } from '../../src/core/request.js';
import { createRedisConnection, type RedisConnection } from '../../src/storage/redis-connection.js';
import type { Sealer } from '../../src/storage/sealer.js';

export const replicaRules: CacheRules = {
  ttlSeconds: 300,
  staticTtlSeconds: 3_600,
  include: ['streams'],
  excludedCallers: [],
  staleWhileRevalidateSeconds: 0,
  staleIfErrorSeconds: 0,
  keepSandboxAnswers: false,
};

export interface ReplicaOptions {
  readonly url: string;
  readonly cluster?: boolean;
  /** What stands behind the cache. */
  readonly next: Handler<ModelRequest>;
  readonly sealer?: Sealer;
  /** Hears nothing, as if every message were lost. */
  readonly deaf?: boolean;
  /** Default: more than a loaded machine takes, as the limit is not what most tests are about. */
  readonly timeoutMs?: number;
  /** It does not wait until Redis is in use. */
  readonly withoutRedis?: boolean;
}

export interface Replica {
  readonly handler: Handler<ModelRequest>;
  readonly cache: CacheManager;
  readonly redis: RedisConnection;
  close(): Promise<void>;
}

const patienceMs = 5_000;

/** The cache of one server, on a connection of its own to a real Redis. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { url, cluster, next, sealer, deaf = false, timeoutMs = patienceMs, withoutRedis = false } = options;
  const onServerEvent = () => undefined;
  const clock = systemClock;
  const connection = createRedisConnection({ url, cluster, clock, onServerEvent, timeoutMs });
  const redis = deaf ? { ...connection, subscribe: () => undefined } : connection;
  const cache = createCacheManager({
    memory: { maxBytes: 1_000_000 },
    shared: sharedLayer({ redis, clock, random: systemRandom, sealer }),
    clock,
    onServerEvent,
  });
  if (!withoutRedis) await until(() => cache.stats().shared?.inUse === true);
  const stage = createCacheStage({
    cache,
    clock,
    random: systemRandom,
    rules: replicaRules,
    statistics: createCacheStatistics(),
    hot: createHotRequests(),
    policyVersion: '1',
    renew: () => Promise.reject(new Error('nothing is renewed here')),
  });
  return {
    handler: stage(next),
    cache,
    redis,
    close: async () => {
      await cache.close();
      await redis.close();
    },
  };
}

/** @throws Error when it does not come about in time. */
export async function until(holds: () => Promise<boolean> | boolean, ms = 15_000): Promise<void> {
  const end = systemClock.monotonicMs() + ms;
  while (!(await holds())) {
    if (systemClock.monotonicMs() > end) throw new Error('it did not come about in time');
    await systemClock.sleep(10);
  }
}
