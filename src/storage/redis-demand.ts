import type { Clock } from '../core/clock.js';
import type { RedisCommands, RedisConnection } from './redis-connection.js';

/** Longer than a cache would wait: whoever asks here cannot do without the answer. */
const timeoutMs = 2_000;
const connectPatienceMs = 2_500;
const lookEveryMs = 25;

/** Work on Redis for those who cannot do without it. */
export type RedisDemand = <T>(work: (commands: RedisCommands) => Promise<T>) => Promise<T>;

/** Waits for the connection, then works once: what it did when it rejects is not known. */
export function createRedisDemand(redis: RedisConnection, clock: Clock): RedisDemand {
  return async (work) => {
    const untilMs = clock.monotonicMs() + connectPatienceMs;
    while (!redis.inUse() && clock.monotonicMs() < untilMs) await clock.sleep(lookEveryMs);
    const done = await redis.run(async (commands) => ({ value: await work(commands) }), timeoutMs);
    if (!done) throw new Error('Redis does not answer');
    return done.value;
  };
}
