import type { Random } from './core/clock.js';
import type { EventSubscriber } from './core/events.js';
import { shareBreakers } from './resilience/breaker-hints.js';
import type { CircuitBreakers } from './resilience/circuit-breakers.js';
import { createRedisBreakerHints } from './resilience/stores/redis-breaker-hints.js';
import type { RedisConnection } from './storage/redis-connection.js';

/** Lets the servers that share a Redis tell each other of their breakers. */
export function joinBreakers(breakers: CircuitBreakers, redis: RedisConnection, random: Random): EventSubscriber {
  return shareBreakers(breakers, createRedisBreakerHints({ redis, replica: random.id() }));
}
