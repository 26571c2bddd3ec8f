import type { Settings } from './config/settings.js';
import type { Random } from './core/clock.js';
import { ServiceError } from './core/errors.js';
import type { EventSubscriber } from './core/events.js';
import type { ModelDirectory } from './core/ports.js';
import { modelId, region, type Target } from './core/target.js';
import { shareBreakers } from './resilience/breaker-hints.js';
import type { CircuitBreakers } from './resilience/circuit-breakers.js';
import type { Quota } from './resilience/minute-quota.js';
import { type QuotaRow, quotaFinder } from './resilience/quotas.js';
import { createRedisBreakerHints } from './resilience/stores/redis-breaker-hints.js';
import type { RedisConnection } from './storage/redis-connection.js';

/** Lets the servers that share a Redis tell each other of their breakers. */
export function joinBreakers(breakers: CircuitBreakers, redis: RedisConnection, random: Random): EventSubscriber {
  return shareBreakers(breakers, createRedisBreakerHints({ redis, replica: random.id() }));
}

/**
 * The quotas of the settings, by target.
 * @throws ServiceError validation when a model of BEDROCK_QUOTAS is not known.
 */
export function openQuotas(settings: Settings, directory: ModelDirectory): (target: Target) => Quota | undefined {
  return quotaFinder(Object.entries(settings.limits.quotas).map(([name, quota]) => quotaRow(name, quota, directory)));
}

type QuotaSetting = Settings['limits']['quotas'][string];

function quotaRow(
  name: string,
  { requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute }: QuotaSetting,
  directory: ModelDirectory,
): QuotaRow {
  const [modelName = '', regionName] = name.split('@');
  const { model, profile } = resolve(modelName, directory);
  return {
    model: modelId(model.id),
    ...(profile !== undefined && { profile }),
    ...(regionName !== undefined && { region: region(regionName) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
  };
}

function resolve(name: string, directory: ModelDirectory) {
  try {
    return directory.resolve(name);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(error.category, `BEDROCK_QUOTAS: ${error.message}`, { cause: error });
  }
}
