import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRedisStore } from '../../src/caching/stores/redis-store.js';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import { createRedisConnection, type RedisConnection } from '../../src/storage/redis-connection.js';
import { createSealer, type Sealer } from '../../src/storage/sealer.js';
import { cacheEntry } from '../contracts/cache-store-contract.js';
import { until } from '../support/cache-replica.js';
import { type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';

const [older, newer, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const secret = Buffer.from('what nobody may read');

describe('a sealer', () => {
  const sealer = createSealer([older], 'cache');

  it('opens what it sealed, and seals the same text differently each time', () => {
    const [one, two] = [sealer.seal(secret, 'a'), sealer.seal(secret, 'a')];
    expect(sealer.open(one, 'a')).toEqual(secret);
    expect(one.equals(two)).toBe(false);
    expect(one.includes(secret)).toBe(false);
  });

  it('opens nothing of another context, key or purpose', () => {
    const sealed = sealer.seal(secret, 'a');
    expect(sealer.open(sealed, 'b')).toBeUndefined();
    expect(createSealer([foreign], 'cache').open(sealed, 'a')).toBeUndefined();
    expect(createSealer([older], 'sessions').open(sealed, 'a')).toBeUndefined();
  });

  it('opens nothing that was changed in any byte, or cut', () => {
    const sealed = sealer.seal(secret, 'a');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(sealer.open(changed, 'a')).toBeUndefined();
      expect(sealer.open(sealed.subarray(0, at), 'a')).toBeUndefined();
    }
  });

  it('opens with an older key what was sealed before a rotation, and seals with the newest', () => {
    const rotated = createSealer([newer, older], 'cache');
    expect(rotated.open(sealer.seal(secret, 'a'), 'a')).toEqual(secret);
    expect(sealer.open(rotated.seal(secret, 'a'), 'a')).toBeUndefined();
    expect(rotated.names('a')).toEqual([createSealer([newer], 'cache').names('a')[0], sealer.names('a')[0]]);
  });
});

describe('sealed answers in Redis', () => {
  let server: RedisServer;
  let redis: RedisConnection;
  const storeWith = (sealer: Sealer) => createRedisStore({ redis, clock: systemClock, random: systemRandom, sealer });
  const names = async () => (await server.command('KEYS', '*')).split('\n').filter((name) => name !== '');

  beforeAll(async () => {
    server = await startRedis();
    const onServerEvent = () => undefined;
    redis = createRedisConnection({ url: server.url, clock: systemClock, onServerEvent, timeoutMs: 5_000 });
    await until(() => redis.inUse());
    await until(async () => (await redis.run(({ send }) => send('PING'))) !== undefined);
  });
  afterAll(async () => {
    await redis.close();
    await stopAllRedis();
  });

  it('are found after a rotation, and with a foreign key not at all', async () => {
    await server.command('FLUSHALL');
    await storeWith(createSealer([older], 'cache')).set('t/a', cacheEntry(systemClock, 60_000, 'hidden text'));
    const [name = ''] = await names();
    expect(name).not.toContain('t:');
    expect(Buffer.from(await server.command('GET', name), 'base64').includes('hidden text')).toBe(false);
    expect(await storeWith(createSealer([newer, older], 'cache')).get('t/a')).toBeDefined();
    expect(await storeWith(createSealer([foreign], 'cache')).get('t/a')).toBeUndefined();
  });

  it.each([
    ['two tenants', 'a/question', 'b/question'],
    ['two questions', 'a/one', 'a/two'],
  ])('that somebody swapped between %s are misses and dropped', async (_, first, second) => {
    await server.command('FLUSHALL');
    const store = storeWith(createSealer([older], 'cache'));
    await store.set(first, cacheEntry(systemClock, 60_000, 'of the first'));
    const [nameOfFirst = ''] = await names();
    await store.set(second, cacheEntry(systemClock, 60_000, 'of the second'));
    const nameOfSecond = (await names()).find((name) => name !== nameOfFirst) ?? '';
    await server.command('SET', nameOfSecond, await server.command('GET', nameOfFirst));
    expect(await store.get(second)).toBeUndefined();
    expect(await server.command('EXISTS', nameOfSecond)).toBe('0');
    expect(await store.get(first)).toBeDefined();
  });
});
