import { afterAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { ServerEvent } from '../../src/core/events.js';
import { createRedisConnection, type RedisConnection, redisScript } from '../../src/storage/redis-connection.js';
import { freePort, startRedis, stopAllRedis } from '../support/redis-server.js';

const events: ServerEvent[] = [];
const opened: RedisConnection[] = [];
const open = (url: string, timeoutMs?: number): RedisConnection => {
  const onServerEvent = (event: ServerEvent) => events.push(event);
  const redis = createRedisConnection({ url, clock: systemClock, onServerEvent, ...(timeoutMs && { timeoutMs }) });
  opened.push(redis);
  return redis;
};
afterAll(() => Promise.all([...opened.map((redis) => redis.close()), stopAllRedis()]));

async function until<T>(find: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = systemClock.monotonicMs() + 12_000;
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (systemClock.monotonicMs() > end) throw new Error('it did not happen in time');
    await systemClock.sleep(20);
  }
}

const counter = redisScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`);

describe('the connection to Redis', () => {
  it('runs commands and scripts, also after the scripts were forgotten', async () => {
    const server = await startRedis();
    const redis = open(server.url, 2_000);
    await until(() => redis.run((commands) => commands.send('SET', '{a}:x', '1')));
    expect(redis.inUse()).toBe(true);
    expect(await redis.run((commands) => commands.evaluate(counter, ['{a}:x'], ['2']))).toBe(3);
    await server.command('SCRIPT', 'FLUSH');
    expect(await redis.run((commands) => commands.evaluate(counter, ['{a}:x'], ['2']))).toBe(5);
    await server.stop();
  });

  it('gives undefined at once where no Redis is, and says so once', async () => {
    events.length = 0;
    const redis = open(`redis://127.0.0.1:${await freePort()}`);
    await until(async () => {
      expect(await redis.run((commands) => commands.send('PING'))).toBeUndefined();
      return events.length > 0;
    });
    expect(redis.inUse()).toBe(false);
    expect(events).toMatchObject([{ type: 'store-degraded', store: 'redis' }]);
  });

  it('keeps to the time that an operation names', async () => {
    const server = await startRedis();
    const redis = open(server.url, 60_000);
    await until(() => redis.run((commands) => commands.send('PING')));
    server.signal('SIGSTOP');
    const start = systemClock.monotonicMs();
    expect(await redis.run((commands) => commands.send('PING'), 50)).toBeUndefined();
    expect(systemClock.monotonicMs() - start).toBeLessThan(2_000);
    await server.stop();
  });

  it('hears a channel, again after Redis was gone', async () => {
    const port = await freePort();
    const server = await startRedis(port);
    const redis = open(server.url, 2_000);
    const heard: string[] = [];
    redis.subscribe('news', (message) => heard.push(message));
    await until(async () => {
      await server.command('PUBLISH', 'news', 'one');
      return heard.includes('one');
    });
    await server.stop();
    const again = await startRedis(port);
    await until(async () => {
      await again.command('PUBLISH', 'news', 'two');
      return heard.includes('two');
    });
    await again.stop();
  }, 30_000);
});
