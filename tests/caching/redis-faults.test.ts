import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createCacheCheck } from '../../src/caching/cache-check.js';
import type { ModelRequest } from '../../src/core/request.js';
import { noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { type Replica, type ReplicaOptions, startReplica, until } from '../support/cache-replica.js';
import { callContext } from '../support/call-context.js';
import { freePort, type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';
import { type SlowProxy, startSlowProxy } from '../support/slow-proxy.js';

/* What calls and health see of a real Redis that fails, and that it is used again by itself. */

let asked = 0;
const open: { close(): Promise<unknown> }[] = [];
const question = (text: string): ModelRequest => ({ messages: [{ role: 'user', content: text }] });
const next: ReplicaOptions['next'] = async () => {
  asked += 1;
  return {
    content: [{ type: 'text', text: `answer ${asked}` }],
    stopReason: 'end_turn',
    usage: noUsage,
    served: { model: modelId('acme.one'), region: region('us-east-1') },
    source: 'bedrock',
    notices: [],
  };
};
const replica = async (url: string, more: Partial<ReplicaOptions> = {}): Promise<Replica> => {
  const opened = await startReplica({ url, next, ...more });
  open.push(opened);
  return opened;
};
const ask = (from: Replica, text: string) => from.handler(question(text), callContext());
const health = ({ cache }: Replica) => createCacheCheck(cache).run(false, new AbortController().signal);

/** Answered without a wait for a timer or for anything outside of this process: far below a millisecond, at any load. */
async function isAnsweredAtOnce(call: Promise<unknown>): Promise<boolean> {
  const waited = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return Promise.race([call.then(() => true), waited]);
}

/** The bars: answers all the way; once the first has seen the fault nobody waits; degraded; in use again by itself. */
async function expectOutage(one: Replica, endFault: () => Promise<unknown> | undefined): Promise<void> {
  const before = asked;
  await ask(one, 'the one that notices');
  await until(async () => (await health(one)).status === 'degraded');
  expect(await health(one)).toMatchObject({ remedy: expect.stringContaining('BEDROCK_REDIS_URL') });
  for (let call = 0; call < 50; call += 1) expect(await isAnsweredAtOnce(ask(one, `missed ${call}`))).toBe(true);
  // And the same from memory.
  for (let call = 0; call < 50; call += 1) expect(await isAnsweredAtOnce(ask(one, `missed ${call}`))).toBe(true);
  expect(asked - before).toBe(51);
  await endFault();
  await until(async () => (await health(one)).status === 'healthy');
}

/** What one keeps the other finds: Redis is used, not only reachable. */
async function expectShared(one: Replica, other: Replica): Promise<void> {
  let text = '';
  await until(async () => {
    text = `shared ${Math.random()}`;
    await ask(one, text);
    return (await ask(other, text)).source === 'cache';
  });
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});
afterAll(() => stopAllRedis());

describe.each([
  ['one Redis', false],
  ['a Redis Cluster', true],
])('%s', (_, cluster) => {
  it('absent at the start', async () => {
    const port = await freePort();
    const one = await replica(`redis://127.0.0.1:${port}`, { cluster, withoutRedis: true });
    await expectOutage(one, () => startRedis(port, { cluster }));
    await expectShared(one, await replica(`redis://127.0.0.1:${port}`, { cluster }));
  }, 60_000);

  it('killed', async () => {
    const port = await freePort();
    const server = await startRedis(port, { cluster });
    const one = await replica(server.url, { cluster });
    await server.stop();
    await expectOutage(one, () => startRedis(port, { cluster }));
    await expectShared(one, await replica(server.url, { cluster }));
  }, 60_000);

  it('frozen', async () => {
    const server = await startRedis(undefined, { cluster });
    const one = await replica(server.url, { cluster, timeoutMs: 500 });
    server.signal('SIGSTOP');
    await expectOutage(one, async () => server.signal('SIGCONT'));
    await expectShared(one, await replica(server.url, { cluster }));
  }, 60_000);
});

describe('a Redis that is there', () => {
  let server: RedisServer;
  let proxy: SlowProxy;
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startSlowProxy(Number(new URL(server.url).port));
  });
  afterAll(() => proxy.close());
  afterEach(() => proxy.delay(0));
  const slow = (timeoutMs: number) => replica(`redis://127.0.0.1:${proxy.port}`, { timeoutMs });

  it('slower than its limit', async () => {
    const one = await slow(500);
    proxy.delay(1_500);
    await expectOutage(one, async () => proxy.delay(0));
    await expectShared(one, await replica(server.url));
  }, 60_000);

  it('stalled: takes a bounded number of commands, and none once that is known', async () => {
    const one = await slow(1_000);
    proxy.takeSent();
    proxy.delay(Number.POSITIVE_INFINITY);
    await Promise.all(Array.from({ length: 3_000 }, (_, index) => one.cache.get(`t/${index}`)));
    const commands = () => proxy.takeSent().match(/\r\nGET\r\n/g)?.length ?? 0;
    const first = commands();
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThanOrEqual(512);
    await Promise.all(Array.from({ length: 3_000 }, (_, index) => one.cache.get(`t/${index}`)));
    expect(commands()).toBe(0);
  }, 30_000);

  it('full: answers go on, health says so, and it is well when there is room', async () => {
    const one = await replica(server.url);
    await server.command('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    expect((await ask(one, 'no room')).source).toBe('bedrock');
    expect((await ask(one, 'no room')).source).toBe('cache');
    await until(async () => (await health(one)).status === 'degraded');
    expect(await health(one)).toMatchObject({ detail: expect.stringContaining('full') });
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await expectShared(one, await replica(server.url));
    expect((await health(one)).status).toBe('healthy');
  }, 30_000);

  it.each([
    ['of another type', ['LPUSH', 'x'], ['SADD', 'x']],
    ['that are garbage', ['SET', '\u0001{]'], ['SET', 'NaN']],
  ])(
    'with values %s under every name of ours',
    async (_, first, second) => {
      const [one, other] = [await replica(server.url), await replica(server.url)];
      await ask(one, 'asked before');
      let names: string[] = [];
      await until(async () => {
        names = (await server.command('KEYS', '*cache*')).split('\n');
        return names.length >= 2;
      });
      const spoil = async (name: string, [command = '', value = '']: readonly string[]) => {
        await server.command('DEL', name);
        await server.command(command, name, value);
      };
      const drops = ['{kairos-bedrock:drops:v1}:list', '{kairos-bedrock:drops:v1}:version'];
      for (const name of [...names, ...names.map((entry) => `${entry}:lock`), ...drops]) await spoil(name, first);
      for (const name of drops.slice(1)) await spoil(name, second);
      // An answer that was kept under a name that was spoilt is asked anew by who has not got it.
      expect((await ask(other, 'asked before')).source).toBe('bedrock');
      await expectShared(one, other);
      await one.cache.drop({ tenant: 'nobody', beforeMs: Date.now() });
      expect((await health(one)).status).toBe('healthy');
      expect((await health(other)).status).toBe('healthy');
    },
    30_000,
  );
});
