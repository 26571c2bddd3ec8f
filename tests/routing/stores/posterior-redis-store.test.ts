import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { createPosteriorSharing } from '../../../src/routing/posterior-sharing.js';
import { createQualityPosteriors, type QualityPosteriors } from '../../../src/routing/quality-posteriors.js';
import { createPosteriorRedisStore } from '../../../src/routing/stores/posterior-redis-store.js';
import { createRedisConnection, type RedisConnection } from '../../../src/storage/redis-connection.js';
import { fakeClock } from '../../support/fake-clock.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const arm = { model: 'anthropic.claude:v1', task: 'code', level: 'simple' } as const;
let server: RedisServer;
let redis: RedisConnection;

beforeAll(async () => {
  server = await startRedis();
  redis = createRedisConnection({ url: server.url, cluster: false, clock: systemClock, onServerEvent: () => {} });
  while (!redis.inUse()) await systemClock.sleep(20);
});
afterAll(async () => {
  await redis.close();
  await server.stop();
});
beforeEach(async () => {
  await server.command('FLUSHALL');
});

function replica(name: string) {
  const posteriors: QualityPosteriors = createQualityPosteriors({ seed: 1 });
  const store = createPosteriorRedisStore({ redis, process: name });
  const clock = fakeClock();
  return { posteriors, store, clock, sharing: createPosteriorSharing({ store, posteriors, clock }) };
}

describe('what replicas learn, shared by Redis', () => {
  it('adds up: each knows what the other learned, and a new one knows both', async () => {
    const [one, other] = [replica('one'), replica('other')];
    for (let round = 0; round < 10; round += 1) {
      one.posteriors.observe(arm, 0.8, 0.2, 1);
      other.posteriors.observe({ ...arm, model: 'n' }, 0.8, 1, 1);
    }
    await Promise.all([one.sharing.exchange(), other.sharing.exchange()]);
    await one.sharing.exchange();
    const next = replica('next');
    await next.sharing.exchange();
    for (const { posteriors } of [one, next]) {
      expect(posteriors.mean(arm, 0.8)).toBeLessThan(0.7);
      expect(posteriors.mean({ ...arm, model: 'n' }, 0.8)).toBeGreaterThan(0.82);
    }
    expect(next.posteriors.snapshot()).toEqual(one.posteriors.snapshot());
  });

  it('counts what it is sent twice once, and keeps what was learned while it was on its way', async () => {
    const { posteriors, store } = replica('one');
    posteriors.observe(arm, 0.8, 0, 1);
    const change = posteriors.snapshot();
    const first = await store.merge(change, 1);
    expect(await store.merge(change, 1)).toEqual(first);
    expect(first?.models[arm.model]?.counts).toContain(1);

    const other = replica('other');
    other.posteriors.observe(arm, 0.8, 0, 1);
    const exchanging = other.sharing.exchange();
    await new Promise((resolve) => setImmediate(resolve));
    other.posteriors.observe(arm, 0.8, 0, 1);
    await exchanging;
    await other.sharing.exchange();
    const kept = await store.merge({ bias: { count: 0, sum: 0 }, models: {} }, 2);
    expect(Math.max(...(kept?.models[arm.model]?.counts ?? []))).toBeGreaterThan(2.9);
  });

  it('waits while Redis is away and is sent when it is back', async () => {
    const { posteriors, sharing, clock } = replica('one');
    const absent: RedisConnection = { ...redis, run: async () => undefined };
    const store = createPosteriorRedisStore({ redis: absent, process: 'two' });
    expect(await store.merge(posteriors.snapshot(), 1)).toBeUndefined();
    posteriors.observe(arm, 0.8, 0, 1);
    sharing.changed();
    expect(clock.sleeps).toEqual([5_000]);
    await sharing.close();
    expect(await server.command('HLEN', '{kairos-bedrock:posteriors:v1}')).toContain('4');
    expect(Number(await server.command('PTTL', '{kairos-bedrock:posteriors:v1}'))).toBeGreaterThan(86_400_000);
  });
});
