import { createHash } from 'node:crypto';
import { createCacheAdministration } from './caching/cache-administration.js';
import { createCacheCheck } from './caching/cache-check.js';
import { type CacheManager, createCacheManager } from './caching/cache-manager.js';
import { type CacheRules, cachePlan, type OptionalKind } from './caching/cache-policy.js';
import { createCacheStage } from './caching/cache-stage.js';
import { createCacheStatistics } from './caching/cache-statistics.js';
import { createCacheWarmer } from './caching/cache-warmer.js';
import { createHotRequests } from './caching/hot-requests.js';
import { sharedLayer } from './caching/stores/shared-layer.js';
import type { Settings } from './config/settings.js';
import type { Clock, Random } from './core/clock.js';
import type { ServerEvent } from './core/events.js';
import type { BedrockIntegrationService, CacheAdministration } from './core/integration-service.js';
import type { Stage } from './core/pipeline.js';
import type { HealthCheck, ModelDirectory } from './core/ports.js';
import type { ModelRequest } from './core/request.js';
import type { ModelManager } from './models/model-manager.js';
import { routingPolicyVersion } from './routing/default-task-routes.js';
import type { RedisConnection } from './storage/redis-connection.js';
import { createSealer, readKey } from './storage/sealer.js';

const staticTtlSeconds = 3_600;

export interface CacheParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly onServerEvent: (event: ServerEvent) => void;
  readonly directory: ModelManager;
  /** Undefined: answers are kept in this process only. */
  readonly redis: RedisConnection | undefined;
  /** What makes answers anew; it is there when the first one is wanted. */
  readonly invoke: () => BedrockIntegrationService['invoke'];
}

export interface OpenedCache {
  readonly stage: Stage<ModelRequest>;
  readonly administration: CacheAdministration;
  readonly check: HealthCheck;
  close(): Promise<void>;
}

/** Makes the cache with all that belongs to it. */
export function openCache(parts: CacheParts): OpenedCache {
  const { settings, clock, random, directory, invoke } = parts;
  const { memoryBytes } = settings.cache;
  const cache = openManager(parts);
  const rules = rulesOf(settings);
  const statistics = createCacheStatistics();
  const hot = createHotRequests();
  const stage = createCacheStage({
    cache,
    rules,
    statistics,
    hot,
    clock,
    random,
    policyVersion: policyVersionOf(settings),
    canonicalModel: createCanonicalModel(directory),
    renew: (request, caller) => {
      const { signal } = new AbortController();
      return invoke()(request, { tool: 'cache_refresh', caller, signal, priority: 'background' });
    },
  });
  const warm = createCacheWarmer({
    invoke: (request, options) => invoke()(request, { ...options, priority: 'batch' }),
    isCacheable: (request, context) => cachePlan(request, context, rules) !== undefined,
    clock,
  });
  return {
    stage,
    administration: createCacheAdministration({ cache, maxBytes: memoryBytes, statistics, hot, clock, warm }),
    check: createCacheCheck(cache),
    close: cache.close,
  };
}

function openManager({ settings, clock, random, redis, onServerEvent }: CacheParts): CacheManager {
  const { memoryBytes, eviction } = settings.cache;
  const keys = settings.encryption.keys.flatMap((text) => readKey(text) ?? []);
  const [first, ...older] = keys;
  const sealer = first && createSealer([first, ...older], 'cache');
  return createCacheManager({
    memory: { maxBytes: memoryBytes, eviction },
    ...(redis && { shared: sharedLayer({ redis, clock, random, sealer }) }),
    clock,
    onServerEvent,
  });
}

function rulesOf({ cache, sandbox }: Settings): CacheRules {
  return {
    ttlSeconds: cache.ttlSeconds,
    staticTtlSeconds,
    include: cache.include.filter((kind): kind is OptionalKind => kind !== 'none'),
    excludedCallers: cache.excludedCallers,
    staleWhileRevalidateSeconds: cache.staleWhileRevalidateMs / 1_000,
    staleIfErrorSeconds: cache.staleIfErrorMs / 1_000,
    keepSandboxAnswers: sandbox,
  };
}

/** Everything of the settings by which another model could answer, or the same one differently. */
function policyVersionOf({ sandbox, models, guardrail, aws }: Settings): string {
  const { shadow: _shadow, shadowShare: _share, ...choosing } = models;
  const source = sandbox ? 'sandbox' : 'bedrock';
  const rules = [source, routingPolicyVersion, guardrail, choosing, aws.allowedGeographies ?? []];
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}

const mostNames = 1_000;

/** Works out once what a name stands for, until the directory may say otherwise. */
function createCanonicalModel(directory: ModelManager): (name: string) => string {
  const known = new Map<string, string>();
  let revision = directory.revision();
  return (name) => {
    if (revision !== directory.revision() || known.size >= mostNames) known.clear();
    revision = directory.revision();
    const model = known.get(name) ?? canonicalModel(directory, name);
    known.set(name, model);
    return model;
  };
}

/** The model itself, where the name pins nothing else; what is not known keeps its name. */
function canonicalModel(directory: ModelDirectory, name: string): string {
  try {
    const { model, profile, region } = directory.resolve(name);
    return [model.id, profile, region].filter((part) => part !== undefined).join(' ');
  } catch {
    return name;
  }
}
