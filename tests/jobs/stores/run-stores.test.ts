import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { ServiceError } from '../../../src/core/errors.js';
import { createMemoryRunStore } from '../../../src/jobs/stores/memory-run-store.js';
import { createRedisRunStore } from '../../../src/jobs/stores/redis-run-store.js';
import { createRedisConnection, type RedisConnection } from '../../../src/storage/redis-connection.js';
import { createSealedText } from '../../../src/storage/sealed-text.js';
import { createSealer } from '../../../src/storage/sealer.js';
import { aRun, runStoreContract } from '../../contracts/run-store-contract.js';
import { fakeClock } from '../../support/fake-clock.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

runStoreContract('memory', async () => createMemoryRunStore({ clock: systemClock }));

describe('a store in memory', () => {
  const ended = { outcome: '"x"', endedAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER };
  const lasting = { expiresAtMs: Number.MAX_SAFE_INTEGER };

  it('forgets what ended first, and never what runs', async () => {
    const store = createMemoryRunStore({ clock: fakeClock(), maxRuns: 2 });
    await store.begin(aRun({ id: 'a', ...lasting }));
    await store.begin(aRun({ id: 'b', ...lasting }));
    await expect(store.begin(aRun({ id: 'c', ...lasting }))).rejects.toBeInstanceOf(ServiceError);
    await store.end('b', 'me', ended);
    await store.begin(aRun({ id: 'c', ...lasting }));
    expect(await store.find('b')).toBeUndefined();
    expect(await store.find('a')).toBeDefined();
  });

  it('bounds what outcomes take', async () => {
    const store = createMemoryRunStore({ clock: fakeClock(), maxCharacters: 5 });
    for (const id of ['a', 'b', 'c']) {
      await store.begin(aRun({ id, ...lasting }));
      await store.end(id, 'me', ended);
    }
    await store.begin(aRun({ id: 'd', ...lasting }));
    expect(await store.find('a')).toBeUndefined();
    expect(await store.find('c')).toBeDefined();
  });
});

describe('Redis', () => {
  let server: RedisServer;
  let redis: RedisConnection;

  beforeAll(async () => {
    server = await startRedis();
    redis = createRedisConnection({ url: server.url, clock: systemClock, onServerEvent: () => undefined });
    while (!redis.inUse() || (await redis.run((commands) => commands.send('PING'))) !== 'PONG') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });
  const open = async (text = createSealedText(undefined)) => {
    await server.command('FLUSHALL');
    return createRedisRunStore({ redis, clock: systemClock, text });
  };

  runStoreContract('Redis', () => open());
  runStoreContract('Redis with a key', () => open(createSealedText(createSealer([randomBytes(32)], 'jobs'))));

  it('holds no outcome that can be read without the key', async () => {
    const store = await open(createSealedText(createSealer([randomBytes(32)], 'jobs')));
    await store.begin(aRun());
    await store.end('job-1', 'me', { outcome: '"canary"', endedAtMs: 1, expiresAtMs: Date.now() + 60_000 });
    expect(await server.command('HGETALL', 'kairos-bedrock:run:v1:{job-1}')).not.toContain('canary');
  });

  it('that is gone rejects, so that nothing is made twice', async () => {
    const other = await startRedis();
    const connection = createRedisConnection({ url: other.url, clock: systemClock, onServerEvent: () => undefined });
    const store = createRedisRunStore({ redis: connection, clock: systemClock, text: createSealedText(undefined) });
    while ((await connection.run((commands) => commands.send('PING'))) !== 'PONG') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await other.stop();
    await expect(store.begin(aRun())).rejects.toThrow('Redis does not answer');
    await connection.close();
  });
});
