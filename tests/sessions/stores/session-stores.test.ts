import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.js';
import { createMemorySessionStore } from '../../../src/sessions/stores/memory-session-store.js';
import { createRedisSessionStore } from '../../../src/sessions/stores/redis-session-store.js';
import { createRedisConnection, type RedisConnection } from '../../../src/storage/redis-connection.js';
import { createSealedText } from '../../../src/storage/sealed-text.js';
import { createSealer } from '../../../src/storage/sealer.js';
import { aSession, sessionStoreContract } from '../../contracts/session-store-contract.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

sessionStoreContract('memory', async () => createMemorySessionStore({ clock: systemClock }));

describe('a store in memory', () => {
  it('forgets what nobody changed for longest', async () => {
    const store = createMemorySessionStore({ clock: systemClock, maxSessions: 2 });
    await store.put(aSession({ id: 'a' }));
    await store.put(aSession({ id: 'b' }));
    await store.put(aSession({ id: 'a', version: 2 }));
    await store.put(aSession({ id: 'c' }));
    expect(await store.find('b')).toBeUndefined();
    expect(await store.find('a')).toBeDefined();
  });
});

describe('Redis', () => {
  let server: RedisServer;
  let redis: RedisConnection;

  beforeAll(async () => {
    server = await startRedis();
    redis = createRedisConnection({ url: server.url, clock: systemClock, onServerEvent: () => undefined });
    while ((await redis.run((commands) => commands.send('PING'))) !== 'PONG') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  afterAll(async () => {
    await redis.close();
    await server.stop();
  });
  const open = async (text = createSealedText(undefined)) => {
    await server.command('FLUSHALL');
    return createRedisSessionStore({ redis, clock: systemClock, text });
  };

  sessionStoreContract('Redis', () => open());
  sessionStoreContract('Redis with a key', () => open(createSealedText(createSealer([randomBytes(32)], 'sessions'))));

  it('holds nothing of a conversation that can be read without the key', async () => {
    const store = await open(createSealedText(createSealer([randomBytes(32)], 'sessions')));
    await store.put(aSession({ title: 'canary' }));
    expect(await server.command('HGETALL', 'kairos-bedrock:session:v1:{s1}')).not.toMatch(/canary|llo/);
  });
});
