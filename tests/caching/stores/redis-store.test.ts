import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheStore } from '../../../src/caching/cache-entry.js';
import { createRedisStore } from '../../../src/caching/stores/redis-store.js';
import { systemClock, systemRandom } from '../../../src/core/clock.js';
import type { ServerEvent } from '../../../src/core/events.js';
import { createRedisConnection } from '../../../src/storage/redis-connection.js';
import { cacheEntry, cacheStoreContract } from '../../contracts/cache-store-contract.js';
import { freePort, type RedisServer, startRedis, stopAllRedis } from '../../support/redis-server.js';

const named = (key: string) => `kairos-bedrock:cache:v2:t:{${key}}`;
let events: ServerEvent[] = [];
const opened: { close(): Promise<void> }[] = [];
/** Where the limit is not what is tested: a busy machine may take longer than a server would wait. */
const patienceMs = 5_000;
type OpenedStore = CacheStore & { close(): Promise<void> };
const open = (url: string, timeoutMs = 100): OpenedStore => {
  const onServerEvent = (event: ServerEvent) => events.push(event);
  const redis = createRedisConnection({ url, clock: systemClock, onServerEvent, timeoutMs });
  const store = {
    ...createRedisStore({ redis, clock: systemClock, random: systemRandom }),
    close: () => redis.close(),
  };
  opened.push(store);
  return store;
};
// Also after a failed test nothing may stay open.
afterAll(() => Promise.all([...opened.map((store) => store.close()), stopAllRedis()]));

async function until(condition: () => Promise<boolean> | boolean, ms = 8_000): Promise<void> {
  const end = systemClock.monotonicMs() + ms;
  while (!(await condition())) {
    if (systemClock.monotonicMs() > end) throw new Error('it did not happen in time');
    await systemClock.sleep(10);
  }
}

/** Waits until the store has connected, which it does in the background. */
async function connected(store: OpenedStore): Promise<OpenedStore> {
  await until(async () => {
    await store.set('t/warm-up', cacheEntry(systemClock, 1_000));
    return (await store.get('t/warm-up')) !== undefined;
  }, 12_000);
  return store;
}

/** Milliseconds that each of so many gets takes, one after the other. */
async function timesOf(store: CacheStore, calls: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const start = systemClock.monotonicMs();
    await store.get(`t/key-${index}`);
    times.push(systemClock.monotonicMs() - start);
  }
  return times;
}
const median = (times: readonly number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

describe('with a Redis that runs', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    events = [];
    await redis.command('FLUSHALL');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
  });

  cacheStoreContract('Redis', async () => ({
    store: await connected(open(redis.url, patienceMs)),
    clock: systemClock,
    pass: (ms) => systemClock.sleep(ms),
  }));

  describe('that holds something else under our key', () => {
    let store: OpenedStore;
    beforeEach(async () => {
      store = await connected(open(redis.url, patienceMs));
      events = [];
    });
    afterEach(() => store.close());

    const key = named('key');
    const text = (value: object) => Buffer.from(`p${JSON.stringify(value)}`).toString('base64');
    const foreign = text({ version: 2, key: 't/other', ...cacheEntry(systemClock) });
    const oldVersion = text({ version: 0, key: 't/key', ...cacheEntry(systemClock) });
    it.each([
      ['no JSON', ['SET', key, '{"value": "tru']],
      ['JSON of another shape', ['SET', key, '[1,2,3]']],
      ['a number', ['SET', key, '5']],
      ['a value that is no text', ['SET', key, '{"value": {"a": 1}}']],
      ['an envelope without an entry', ['SET', key, text({ version: 2, key: 't/key' })]],
      ['the entry of another key', ['SET', key, foreign]],
      ['an entry of another version', ['SET', key, oldVersion]],
      ['a list', ['LPUSH', key, 'x']],
      ['a hash', ['HSET', key, 'a', 'b']],
    ])('takes %s for a miss and deletes it', async (_, command) => {
      await redis.command(...command);
      expect(await redis.command('EXISTS', key)).toBe('1');
      expect(await store.get('t/key')).toBeUndefined();
      expect(await redis.command('EXISTS', key)).toBe('0');
      expect(events).toEqual([]);
      await store.set('t/key', cacheEntry(systemClock));
      expect(await store.get('t/key')).toBeDefined();
    });
  });

  it('goes on reading from a Redis that is full', async () => {
    const store = await connected(open(redis.url, patienceMs));
    await store.set('t/kept', cacheEntry(systemClock));
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await store.set('t/refused', cacheEntry(systemClock));
    expect(await store.get('t/refused')).toBeUndefined();
    expect(await store.get('t/kept')).toBeDefined();
    expect(events).toEqual([]);
    await store.close();
  });

  it('does not keep a giant, and sets an expiry on everything', async () => {
    const store = await connected(open(redis.url, patienceMs));
    await store.set('t/giant', cacheEntry(systemClock, 60_000, 'x'.repeat(5_000_000)));
    await store.set('t/key', cacheEntry(systemClock, 60_000));
    expect(await redis.command('EXISTS', named('giant'))).toBe('0');
    const ttlMs = Number(await redis.command('PTTL', named('key')));
    expect(ttlMs).toBeGreaterThan(50_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
    await store.close();
  });
});

describe('with a Redis that fails', () => {
  beforeEach(() => {
    events = [];
  });

  it('absent at start: misses at once, is told of, and is used when it comes', async () => {
    const port = await freePort();
    const store = open(`redis://127.0.0.1:${port}`);
    const times = await timesOf(store, 200);
    expect(Math.max(...times)).toBeLessThan(2_000);
    expect(median(times)).toBeLessThan(1);
    await until(async () => {
      await store.get('t/key');
      return events.length > 0;
    });
    expect(events).toMatchObject([{ type: 'store-degraded', store: 'redis' }]);
    const redis = await startRedis(port);
    await connected(store);
    expect(events.at(-1)).toEqual({ type: 'store-recovered', store: 'redis' });
    await store.close();
    await redis.stop();
  }, 20_000);

  it('killed: misses at once, and is used again when it is back', async () => {
    const port = await freePort();
    const redis = await startRedis(port);
    const store = await connected(open(redis.url));
    events = [];
    await redis.stop();
    const times = await timesOf(store, 200);
    expect(Math.max(...times)).toBeLessThan(2_000);
    expect(median(times)).toBeLessThan(1);
    expect(events).toMatchObject([{ type: 'store-degraded' }]);
    const again = await startRedis(port);
    await connected(store);
    expect(events.map(({ type }) => type)).toEqual(['store-degraded', 'store-recovered']);
    await store.close();
    await again.stop();
  }, 20_000);

  it('frozen: costs the time-out once, then nothing, and is used again when it thaws', async () => {
    const redis = await startRedis();
    const store = await connected(open(redis.url));
    events = [];
    redis.signal('SIGSTOP');
    const [first = 0, ...later] = await timesOf(store, 500);
    expect(first).toBeGreaterThanOrEqual(95);
    expect(first).toBeLessThan(2_000);
    expect(median(later)).toBeLessThan(1);
    expect(later.filter((ms) => ms > 90).length).toBeLessThan(10);
    // Longer than the first pause, so that a probe runs and fails, and still nobody waits for it.
    await systemClock.sleep(1_100);
    expect(median(await timesOf(store, 100))).toBeLessThan(1);
    redis.signal('SIGCONT');
    await connected(store);
    expect(events.map(({ type }) => type)).toEqual(['store-degraded', 'store-recovered']);
    await store.close();
    await redis.stop();
  }, 20_000);

  it('frozen while it is closed: closes all the same', async () => {
    const redis = await startRedis();
    const store = await connected(open(redis.url));
    redis.signal('SIGSTOP');
    const start = systemClock.monotonicMs();
    await store.close();
    expect(systemClock.monotonicMs() - start).toBeLessThan(1_000);
    await redis.stop();
  });
});
