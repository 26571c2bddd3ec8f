import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import type { CallContext } from '../../src/core/pipeline.js';
import type { ModelRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { type Replica, type ReplicaOptions, startReplica, until } from '../support/cache-replica.js';
import { callContext } from '../support/call-context.js';
import { type RedisServer, startRedis, stopAllRedis } from '../support/redis-server.js';

/* Several servers of which each has its own memory and its own connection to one real Redis. */

const request: ModelRequest = { messages: [{ role: 'user', content: 'What is the capital of France?' }] };
const answer = (text: string): ModelResponse => ({
  content: [{ type: 'text', text }],
  stopReason: 'end_turn',
  usage: { ...noUsage, inputTokens: 8, outputTokens: 2, totalTokens: 10 },
  served: { model: modelId('acme.one'), region: region('us-east-1') },
  source: 'bedrock',
  cost: { nanoUsd: 777, estimated: false },
  notices: [],
});

/** A model whose answers come when the test says so. */
function manualModel() {
  const asked: { context: CallContext; resolve(text: string): void; reject(error: Error): void }[] = [];
  const next = (_: ModelRequest, context: CallContext) =>
    new Promise<ModelResponse>((resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error));
      asked.push({ context, resolve: (text) => resolve(answer(text)), reject });
    });
  return { asked, next };
}

afterAll(() => stopAllRedis());

describe.each([
  ['one Redis', false],
  ['a Redis Cluster', true],
])('replicas that share %s', (_, cluster) => {
  let server: RedisServer;
  let model: ReturnType<typeof manualModel>;
  const replicas: Replica[] = [];
  const replica = async (more: Partial<ReplicaOptions> = {}): Promise<Replica> => {
    const opened = await startReplica({ url: server.url, cluster, next: model.next, ...more });
    replicas.push(opened);
    return opened;
  };
  beforeAll(async () => {
    server = await startRedis(undefined, { cluster });
  });
  afterAll(() => server.stop());
  let over: AbortController;
  beforeEach(async () => {
    await server.command('FLUSHALL');
    model = manualModel();
    over = new AbortController();
  });
  afterEach(async () => {
    // Ends the calls that are still waiting for the model.
    over.abort();
    await Promise.all(replicas.splice(0).map((one) => one.close()));
  });

  const begun = (count: number) => until(() => model.asked.length === count);
  const texts = (responses: readonly ModelResponse[]) => [
    ...new Set(responses.map(({ content: [block] }) => (block?.type === 'text' ? block.text : ''))),
  ];

  it('make one call of a thousand equal ones', async () => {
    const both = [await replica(), await replica()] as const;
    const calls = Array.from({ length: 1_000 }, (__, index) => both[index % 2 ? 1 : 0].handler(request, callContext()));
    await begun(1);
    // Long enough for the other one to have asked as well, if it were about to.
    await systemClock.sleep(300);
    model.asked[0]?.resolve('Paris.');
    const responses = await Promise.all(calls);
    expect(model.asked).toHaveLength(1);
    expect(texts(responses)).toEqual(['Paris.']);
    expect(responses.filter(({ source }) => source === 'cache')).toHaveLength(999);
  });

  it('keep the answers of two tenants apart', async () => {
    const both = [await replica(), await replica()] as const;
    const of = (tenant: string, at: 0 | 1) => both[at].handler(request, callContext({ caller: { id: 'x', tenant } }));
    const calls = [of('a', 0), of('b', 0), of('a', 1), of('b', 1)];
    await begun(2);
    for (const { context, resolve } of model.asked) resolve(`of ${context.caller.tenant}`);
    expect((await Promise.all(calls)).map((one) => texts([one])[0])).toEqual(['of a', 'of b', 'of a', 'of b']);
    await Promise.all([of('a', 1), of('b', 0)]);
    expect(model.asked).toHaveLength(2);
  });

  it.each<[string, (leader: AbortController) => void]>([
    ['is cancelled', (leader) => leader.abort()],
    ['fails', () => model.asked[0]?.reject(new ServiceError('model_error', 'broken'))],
  ])('hand over when the one that asks %s', async (__, end) => {
    const [first, second] = [await replica(), await replica()];
    const leader = new AbortController();
    const led = first.handler(request, callContext({ signal: leader.signal })).catch((error: unknown) => error);
    await begun(1);
    const waiting = second.handler(request, callContext());
    end(leader);
    await begun(2);
    model.asked[1]?.resolve('Paris.');
    expect(texts([await waiting])).toEqual(['Paris.']);
    expect(await led).toBeInstanceOf(ServiceError);
  });

  it('hand over within the lease when the one that asks has gone', async () => {
    const [first, second] = [await replica(), await replica()];
    void first.handler(request, callContext({ signal: over.signal })).catch(() => undefined);
    await begun(1);
    // From now on it cannot renew its claim, as if its process had been killed.
    await first.close();
    const startedAtMs = systemClock.monotonicMs();
    const waiting = second.handler(request, callContext());
    await begun(2);
    expect(systemClock.monotonicMs() - startedAtMs).toBeLessThan(10_000);
    model.asked[1]?.resolve('Paris.');
    expect(texts([await waiting])).toEqual(['Paris.']);
  }, 40_000);

  it('leave each call its own time while another replica asks', async () => {
    const [first, second] = [await replica(), await replica()];
    const led = first.handler(request, callContext());
    await begun(1);
    const late = new AbortController();
    const inTime = second.handler(request, callContext());
    const impatient = second.handler(request, callContext({ signal: late.signal }));
    late.abort(new ServiceError('timeout', 'late'));
    await expect(impatient).rejects.toMatchObject({ category: 'timeout' });
    model.asked[0]?.resolve('Paris.');
    expect(texts(await Promise.all([led, inTime]))).toEqual(['Paris.']);
    expect(model.asked).toHaveLength(1);
  });

  it('do not let a late answer overwrite a newer one', async () => {
    const [first, second, third] = [await replica(), await replica(), await replica()];
    const slow = first.handler(request, callContext());
    await begun(1);
    const anew = second.handler({ ...request, cache: 'refresh' }, callContext());
    await begun(2);
    model.asked[1]?.resolve('newer');
    await anew;
    await until(async () => (await third.handler(request, callContext())).source === 'cache');
    model.asked[0]?.resolve('late');
    await slow;
    await systemClock.sleep(200);
    const reader = await replica();
    expect(texts([await reader.handler(request, callContext())])).toEqual(['newer']);
  });

  it.each([
    ['by a message', false],
    ['by the version, when messages are lost', true],
  ])('drop what another replica drops %s', async (__, deaf) => {
    const [first, second] = [await replica(), await replica({ deaf })];
    const made = first.handler({ ...request, tags: { team: 'blue' } }, callContext());
    await begun(1);
    model.asked[0]?.resolve('Paris.');
    await made;
    await until(async () => {
      const { source } = await second.handler(request, callContext());
      return source === 'cache';
    });
    expect(second.cache.stats().entries).toBe(1);
    const { labels } = (await second.cache.peek(keyIn(await server.command('KEYS', '*'))))?.entry ?? neverHere();
    const startedAtMs = systemClock.monotonicMs();
    await first.cache.drop({ tenant: labels.tenant, beforeMs: systemClock.nowMs(), tag: { name: 'team' } });
    await until(() => second.cache.stats().entries === 0);
    // On a quiet machine a millisecond by message and 400 by version; a loaded one runs timers late.
    expect(systemClock.monotonicMs() - startedAtMs).toBeLessThan(3_000);
    // Nor does it come back from Redis.
    void second.handler(request, callContext({ signal: over.signal })).catch(() => undefined);
    await begun(2);
  });

  it('drop later what was to go while Redis was frozen, and serve nothing old meanwhile', async () => {
    const [first, second] = [await replica(), await replica()];
    const made = first.handler(request, callContext());
    await begun(1);
    model.asked[0]?.resolve('Paris.');
    await made;
    const key = keyIn(await server.command('KEYS', '*'));
    const tenant = (await second.cache.peek(key))?.entry.labels.tenant ?? '';
    server.signal('SIGSTOP');
    const dropping = first.cache.drop({ tenant, beforeMs: systemClock.nowMs() });
    await systemClock.sleep(300);
    server.signal('SIGCONT');
    await dropping;
    await until(() => second.cache.stats().entries === 0);
    expect(await second.cache.peek(key)).toBeUndefined();
  });
});

/** The key of the one answer in Redis, from the name of its entry. */
function keyIn(names: string): string {
  const [, tenant, question] = /cache:v2:([0-9a-f]{16}):\{([0-9a-f]{64})\}$/m.exec(names) ?? neverHere();
  return `${tenant}/${question}`;
}

function neverHere(): never {
  throw new Error('there should be an answer in Redis');
}
