import { beforeEach, describe, expect, it } from '@jest/globals';
import { tenantName } from '../../src/caching/cache-key.js';
import { type CacheManager, createCacheManager } from '../../src/caching/cache-manager.js';
import type { CacheRules } from '../../src/caching/cache-policy.js';
import { type CacheStageOptions, createCacheStage } from '../../src/caching/cache-stage.js';
import { createCacheStatistics } from '../../src/caching/cache-statistics.js';
import { createHotRequests } from '../../src/caching/hot-requests.js';
import { textSketch } from '../../src/caching/text-sketch.js';
import { ServiceError } from '../../src/core/errors.js';
import type { CallContext, Handler } from '../../src/core/pipeline.js';
import type { ModelRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { callContext } from '../support/call-context.js';
import { type FakeClock, fakeClock, fakeRandom } from '../support/fake-clock.js';

const target = { model: modelId('acme.one'), region: region('us-east-1') };
const request: ModelRequest = { messages: [{ role: 'user', content: 'What is the capital of France?' }] };
const response: ModelResponse = {
  content: [{ type: 'text', text: 'Paris.' }],
  stopReason: 'end_turn',
  usage: { ...noUsage, inputTokens: 8, outputTokens: 2, totalTokens: 10 },
  served: target,
  source: 'bedrock',
  timeToFirstTokenMs: 5,
  cost: { nanoUsd: 777, estimated: false },
  notices: [],
};

const rules: CacheRules = {
  ttlSeconds: 300,
  staticTtlSeconds: 3_600,
  include: ['streams'],
  excludedCallers: ['shy'],
  staleWhileRevalidateSeconds: 0,
  staleIfErrorSeconds: 0,
  keepSandboxAnswers: false,
};

describe('the cache stage', () => {
  let clock: FakeClock;
  let cache: CacheManager;
  let upstream: number;

  beforeEach(() => {
    clock = fakeClock();
    cache = createCacheManager({ memory: { maxBytes: 1_000_000 }, clock, onServerEvent: () => undefined });
    upstream = 0;
  });

  const stageOver = (
    next: Handler<ModelRequest>,
    changed: Partial<CacheRules> = {},
    more: Partial<CacheStageOptions> = {},
  ) =>
    createCacheStage({
      cache,
      clock,
      random: fakeRandom(1),
      rules: { ...rules, ...changed },
      statistics: createCacheStatistics(),
      hot: createHotRequests(),
      policyVersion: '1',
      renew: () => Promise.reject(new Error('nothing is renewed here')),
      ...more,
    })(next);
  const stage = (
    answer: Partial<ModelResponse> = {},
    changed: Partial<CacheRules> = {},
    act?: (context: CallContext) => void,
  ) =>
    stageOver(async (_request, context) => {
      upstream += 1;
      act?.(context);
      await clock.sleep(0);
      return { ...response, ...answer };
    }, changed);
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    for (let round = 0; round < 3; round += 1) await clock.advance(0);
    return work;
  };
  /** Upstream calls that asking twice makes. */
  const callsFor = async (asked: Partial<ModelRequest>, handler = stage()) => {
    for (const _ of [1, 2]) await finish(handler({ ...request, ...asked }, callContext()));
    return upstream;
  };

  it('answers the second equal question itself, free, and says what that saved', async () => {
    const handler = stage();
    const [first, second] = [callContext(), callContext()];
    expect(await finish(handler(request, first))).toEqual(response);
    const { timeToFirstTokenMs: _, ...kept } = response;
    expect(await finish(handler(request, second))).toEqual({
      ...kept,
      source: 'cache',
      cost: { nanoUsd: 0, estimated: false },
    });
    expect(first.events).toEqual([{ type: 'cache-missed', lookupMs: 0 }]);
    expect(second.events).toEqual([
      { type: 'cache-hit', tier: 'memory', served: target, saved: 777, ageMs: 0, lookupMs: 0 },
    ]);
    expect(cache.stats()).toMatchObject({ entries: 1, layers: { memory: { hits: 1, misses: 1 } } });
  });

  it('makes one call of a thousand equal ones', async () => {
    const handler = stage();
    const contexts = Array.from({ length: 1_000 }, () => callContext());
    const answers = await finish(Promise.all(contexts.map((context) => handler(request, context))));
    expect(upstream).toBe(1);
    expect(answers.filter(({ source }) => source === 'cache')).toHaveLength(999);
    expect(
      contexts.filter(({ events }) =>
        events.some((event) => event.type === 'cache-hit' && event.tier === 'flight' && event.saved === 777),
      ),
    ).toHaveLength(999);
  });

  it('never gives one tenant the answer of another', async () => {
    const handler = stage();
    const of = (tenant: string) => handler(request, callContext({ caller: { id: 'x', tenant } }));
    await finish(Promise.all([of('a'), of('b'), of('a')]));
    await finish(Promise.all([of('a'), of('b')]));
    expect(upstream).toBe(2);
  });

  it.each<[string, Partial<ModelRequest>, number]>([
    ['by default', {}, 1],
    ['at a low temperature', { temperature: 0.3 }, 1],
    ['at a high temperature', { temperature: 0.31 }, 2],
    ['at a high temperature, asked to', { temperature: 1, cache: 'static' }, 1],
    ['at a high temperature with a time to live', { temperature: 1, cache_ttl_seconds: 5 }, 1],
    ['when bypassed', { cache: 'bypass' }, 2],
    ['when refreshed', { cache: 'refresh' }, 2],
    ['with tools', { tools: [{ name: 'a', description: 'a', input_schema: {} }], cache: 'static' }, 2],
    [
      'with an image',
      { messages: [{ role: 'user', content: [{ type: 'image', format: 'png', data: 'AAAA' }] }], cache: 'static' },
      2,
    ],
    [
      'with a document',
      { messages: [{ role: 'user', content: [{ type: 'document', format: 'pdf', name: 'n', data: 'AAAA' }] }] },
      2,
    ],
  ])('%s, asking twice makes so many calls', async (_, asked, calls) => {
    expect(await callsFor(asked)).toBe(calls);
  });

  it.each<[string, Partial<ModelResponse>, number]>([
    ['that ended at a stop sequence', { stopReason: 'stop_sequence' }, 1],
    ['that was cut off', { stopReason: 'max_tokens' }, 2],
    ['that was filtered', { stopReason: 'content_filtered' }, 2],
    ['that ended nobody knows why', { stopReason: 'unknown' }, 2],
    ['that asks for a tool', { stopReason: 'tool_use' }, 2],
    ['that is empty', { content: [] }, 2],
    ['of the sandbox', { source: 'sandbox' }, 2],
    ['of a local model', { source: 'local' }, 2],
  ])('with an answer %s, asking twice makes so many calls', async (_, answer, calls) => {
    expect(await callsFor({}, stage(answer))).toBe(calls);
  });

  it('keeps answers of the sandbox when told to', async () => {
    expect(await callsFor({}, stage({ source: 'sandbox' }, { keepSandboxAnswers: true }))).toBe(1);
  });

  it('does not keep the answer of a fallback', async () => {
    const handler = stage({}, {}, (context) =>
      context.record({ type: 'fallback-chosen', from: target, to: target, category: 'timeout' }),
    );
    expect(await callsFor({}, handler)).toBe(2);
  });

  it('does not keep an error', async () => {
    let fails = true;
    const handler = stageOver(async () => {
      if (fails) throw new ServiceError('model_error', 'broken');
      return response;
    });
    await expect(handler(request, callContext())).rejects.toMatchObject({ category: 'model_error' });
    fails = false;
    expect((await handler(request, callContext())).source).toBe('bedrock');
  });

  it.each<[string, Partial<ModelRequest>, number]>([
    ['default', {}, 300],
    ['static', { cache: 'static' }, 3_600],
    ['cache_ttl_seconds', { cache_ttl_seconds: 7 }, 7],
  ])('%s keeps an answer for its time', async (_, asked, seconds) => {
    const handler = stage();
    const ask = () => finish(handler({ ...request, ...asked }, callContext()));
    await ask();
    await clock.advance(seconds * 1_000 - 1);
    expect((await ask()).source).toBe('cache');
    await clock.advance(1);
    expect((await ask()).source).toBe('bedrock');
  });

  it('lets an answer of the sandbox stay one', async () => {
    const handler = stage({ source: 'sandbox' }, { keepSandboxAnswers: true });
    await finish(handler(request, callContext()));
    const context = callContext();
    expect((await finish(handler(request, context))).source).toBe('sandbox');
    expect(context.events).toMatchObject([{ type: 'cache-hit', tier: 'memory' }]);
  });

  it('does not serve an answer older than the request would keep it', async () => {
    const handler = stage();
    await finish(handler({ ...request, cache: 'static' }, callContext()));
    await clock.advance(301_000);
    expect((await finish(handler({ ...request, cache: 'static' }, callContext()))).source).toBe('cache');
    expect((await finish(handler(request, callContext()))).source).toBe('bedrock');
  });

  it('refresh replaces what was kept', async () => {
    await finish(stage()(request, callContext()));
    await finish(stage({ content: [{ type: 'text', text: 'New.' }] })({ ...request, cache: 'refresh' }, callContext()));
    expect((await finish(stage()(request, callContext()))).content).toEqual([{ type: 'text', text: 'New.' }]);
  });

  it('does not join calls that stream, and hands a kept answer on as text', async () => {
    const handler = stage();
    const heard: string[] = [];
    const streaming = () => handler(request, callContext({ onText: (text) => heard.push(text) }));
    await finish(Promise.all([streaming(), streaming()]));
    expect(upstream).toBe(2);
    await finish(streaming());
    expect(upstream).toBe(2);
    expect(heard).toEqual(['Paris.']);
  });

  it.each([
    ['session', { session: 's1' }, 1],
    ['another session', { session: 's2' }, 0],
    ['tag', { tag: { name: 'team', value: 'blue' } }, 1],
    ['another value of the tag', { tag: { name: 'team', value: 'red' } }, 0],
    ['model', { model: 'acme.one' }, 1],
    ['caller', { caller: 'tester' }, 1],
    ['another caller', { caller: 'other' }, 0],
    ['similar text', { similar: { sketch: textSketch('what is the capital of france'), threshold: 0.6 } }, 1],
    ['other text', { similar: { sketch: textSketch('How do I sort a list in Rust?'), threshold: 0.6 } }, 0],
  ])('finds an answer again by %s, to drop it', async (_, rule, entries) => {
    const asked = { ...request, tags: { team: 'blue' } };
    await finish(stage()(asked, callContext({ sessionId: 's1' })));
    const whole = { tenant: tenantName('tester'), beforeMs: clock.nowMs() + 1, ...rule };
    expect(cache.count(whole)).toBe(entries);
    expect(cache.count({ ...whole, tenant: tenantName('other') })).toBe(0);
    expect(await cache.drop(whole)).toBe(entries);
    expect((await finish(stage()(asked, callContext()))).source).toBe(entries === 1 ? 'bedrock' : 'cache');
  });

  it('serves an answer past its time in place of an error only when told to, within the limit, and says so', async () => {
    const ask = (changed: Partial<CacheRules>, category: 'timeout' | 'validation') =>
      stageOver(() => Promise.reject(new ServiceError(category, 'no')), changed)(request, callContext());
    const allowed = { staleIfErrorSeconds: 60 };
    await finish(stage({}, allowed)(request, callContext()));
    await clock.advance(301_000);
    await expect(ask({}, 'timeout')).rejects.toMatchObject({ category: 'timeout' });
    await expect(ask(allowed, 'validation')).rejects.toMatchObject({ category: 'validation' });
    const { notices } = await ask(allowed, 'timeout');
    expect(notices).toEqual([expect.stringContaining('past its time: 301 s old, served because no new one')]);
    await clock.advance(60_000);
    await expect(ask(allowed, 'timeout')).rejects.toMatchObject({ category: 'timeout' });
  });

  it('serves an answer past its time while one new one is made, and says so', async () => {
    const renewed: ModelRequest[] = [];
    const renew = (asked: ModelRequest) => {
      renewed.push(asked);
      return new Promise<never>(() => undefined);
    };
    const changed = { staleWhileRevalidateSeconds: 60 };
    await finish(stage({}, changed)(request, callContext()));
    const handler = stageOver(() => Promise.reject(new Error('not asked')), changed, { renew });
    await clock.advance(301_000);
    const [first, second] = [await handler(request, callContext()), await handler(request, callContext())];
    expect(first.notices).toEqual([expect.stringContaining('while a new one is made')]);
    expect(second.source).toBe('cache');
    expect(renewed).toMatchObject([{ cache: 'refresh', cache_ttl_seconds: 300 }]);
  });
});
