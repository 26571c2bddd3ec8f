import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { startApplication, type TestApplication } from '../faults/application.js';
import { connectClient, type InvokeAnswer, type TestClient } from '../faults/mcp-client.js';
import { startRedis, stopAllRedis } from '../support/redis-server.js';

/*
 * What a client sees of each fault, through a real MCP client, the whole application and the sandbox. Rows of the fault
 * matrix that are not here: stores under a full disk, restarts and kills (F24 to F28: ledger and life-cycle tests),
 * corrupt and full Redis (F22, F23: store tests), reloaded configuration (F29), replicas sharing a budget (F33), clock
 * steps (F34: cost tests) and the soak (F35).
 */

const lite = 'amazon.nova-lite-v1:0';
const one = { model: lite, fallback: false };
const error = (name: Extract<FaultSpec, { kind: 'error' }>['name'], more: object = {}): FaultSpec => ({
  kind: 'error',
  name,
  ...more,
});

let app: TestApplication;
let client: TestClient;

async function start(env: Record<string, string> = {}): Promise<void> {
  app = await startApplication({
    AWS_BEDROCK_REGION: 'us-east-1',
    BEDROCK_REGIONS: 'us-east-1,us-west-2',
    BEDROCK_FIRST_TOKEN_TIMEOUT: '1',
    ...env,
  });
  client = await connectClient(app);
}

const fault = (...faults: readonly FaultSpec[]) => app.sandbox.control.faults(...faults);
const modelsAsked = ({ result }: InvokeAnswer) => result.attempts.map(({ model }) => model);

/** What every failed call owes its caller, whatever failed. */
function expectTypedError(answer: InvokeAnswer, category: string): void {
  expect(answer.isError).toBe(true);
  expect(answer.error).toMatchObject({
    category,
    message: expect.any(String),
    remedy: expect.any(String),
    retryable: expect.any(Boolean),
    request_id: expect.any(String),
  });
  expect(answer.everything).not.toMatch(/<html|at .*\.js:|AKIA|undefined/i);
}

const openBreakers = async () =>
  (await app.application.service.health(false)).breakers.filter(({ state }) => state !== 'closed');

async function booked() {
  const period = { fromMs: Date.now() - 3_600_000, toMs: Date.now() + 3_600_000, groupBy: 'model' } as const;
  const { totals, budgets } = await app.application.service.costReport(period);
  return { nanoUsd: totals.cost, reserved: budgets.reduce((sum, { reserved }) => sum + reserved, 0) };
}

describe('fault matrix: one model', () => {
  beforeEach(() => start());
  afterEach(async () => {
    // Nothing stays set aside for calls that are over.
    expect((await booked()).reserved).toBe(0);
    await client.close();
    await app.close();
  });

  it('F1 throttled without a hint: calls are not multiplied, and full speed is back when it ends', async () => {
    await fault(error('ThrottlingException', { model: lite, region: 'us-east-1' }));
    const arn = { model: `arn:aws:bedrock:us-east-1::foundation-model/${lite}`, fallback: false, timeout_ms: 700 };
    for (let round = 0; round < 6; round += 1) await Promise.all([...Array(10)].map(() => client.invoke(arn)));
    expect((await app.upstream()).length).toBeLessThanOrEqual(72);
    await app.sandbox.control.clearFaults();
    const startedAt = performance.now();
    for (let call = 0; call < 20; call += 1) {
      expect((await client.invoke({ ...arn, timeout_ms: 10_000 })).isError).toBe(false);
    }
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  it('F2 throttled with Retry-After: waits at least so long, or fails at once when the deadline is nearer', async () => {
    const arn = { model: `arn:aws:bedrock:us-east-1::foundation-model/${lite}`, fallback: false };
    await fault(error('ThrottlingException', { retryAfterSeconds: 1, count: 1 }));
    const waited = await client.invoke(arn);
    expect([waited.isError, waited.elapsedMs > 1_000]).toEqual([false, true]);
    await fault(error('ThrottlingException', { retryAfterSeconds: 60 }));
    const refused = await client.invoke({ ...arn, timeout_ms: 5_000 });
    expectTypedError(refused, 'rate_limit');
    expect(refused.error.retry_after_ms).toBe(60_000);
    expect(refused.elapsedMs).toBeLessThan(1_000);
  });

  it.each<[string, FaultSpec, string]>([
    ['503', error('ServiceUnavailableException'), 'model_error'],
    ['500', error('InternalServerException'), 'model_error'],
    ['502 of a proxy', { kind: 'html-error' }, 'network'],
  ])('F3 %s: a clean error, and the breaker opens', async (_, given, category) => {
    await fault(given);
    expectTypedError(await client.invoke({ ...one, timeout_ms: 1_000 }), category);
    await Promise.all([...Array(20)].map(() => client.invoke({ ...one, timeout_ms: 1_000 })));
    expect((await openBreakers()).length).toBeGreaterThan(0);
  });

  it('F4 424 of one model: tried again, then another model; no other breaker notices', async () => {
    await fault(error('ModelErrorException', { model: lite }));
    const answer = await client.invoke({ model: lite });
    expect(answer.isError).toBe(false);
    expect(answer.result.model.used).not.toBe(lite);
    expect(modelsAsked(answer).filter((model) => model === lite).length).toBeLessThanOrEqual(3);
    expect(await openBreakers()).toEqual([]);
  });

  it('F5 408: not tried again, another model answers', async () => {
    await fault(error('ModelTimeoutException', { model: lite }));
    const asked = modelsAsked(await client.invoke({ model: lite }));
    expect(asked).toHaveLength(2);
    expect(asked[1]).not.toBe(lite);
  });

  it('F6 access denied: asked once, and no breaker counts it; bad credentials end the call', async () => {
    await fault(error('AccessDeniedException', { model: lite, count: 1 }));
    const asked = modelsAsked(await client.invoke({ model: lite }));
    expect(asked).toHaveLength(2);
    await fault(error('ExpiredTokenException'));
    expectTypedError(await client.invoke(one), 'authentication');
    expect(await openBreakers()).toEqual([]);
  });

  it('F7 connection refused: another region answers within a second', async () => {
    await fault({ kind: 'cut-before', region: 'us-east-1' });
    const answer = await client.invoke(one);
    expect(answer.result.model).toMatchObject({ used: lite, region: 'us-west-2' });
    expect(answer.elapsedMs).toBeLessThan(2_500);
  });

  it('F8 reset in the middle: tried again, and every attempt is booked', async () => {
    await fault({ kind: 'reset', afterEvents: 4, count: 1 });
    const { result } = await client.invoke({ ...one, prompt: 'Tell a long story' });
    expect(result.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
    expect((await booked()).nanoUsd / 1e9).toBeCloseTo(result.cost_usd, 9);
  });

  it('F9 no answer at all: another model after the first-token time, else the deadline; sockets are closed', async () => {
    await fault({ kind: 'hang', model: lite });
    const moved = await client.invoke({ model: lite });
    expect([moved.isError, moved.elapsedMs < 3_500]).toEqual([false, true]);
    const ended = await client.invoke({ ...one, timeout_ms: 600 });
    expectTypedError(ended, 'timeout');
    expect(ended.elapsedMs).toBeLessThan(850);
    const hanging = async () => (await app.upstream()).filter((call) => call.fault === 'hang');
    await until(async () => (await hanging()).every(({ aborted }) => aborted));
  });

  it('F10 a byte a second: ends at the deadline', async () => {
    await fault({ kind: 'slow-drip', bytesPerSecond: 1 });
    const answer = await client.invoke({ ...one, timeout_ms: 700 });
    expectTypedError(answer, 'timeout');
    expect(answer.elapsedMs).toBeLessThan(950);
  });

  it.each<[string, FaultSpec]>([
    ['F11 cut between events', { kind: 'end-early', afterEvents: 3 }],
    ['F12 cut inside a frame', { kind: 'half-frame', afterEvents: 3 }],
    ['F12 reset', { kind: 'reset', afterEvents: 3 }],
    ['F14 a wrong checksum', { kind: 'bad-crc', afterEvents: 3 }],
    ['F16 JSON that is none', { kind: 'malformed-json' }],
    ['F16 an empty object', { kind: 'empty-object' }],
    ['F15 nothing', { kind: 'empty-body' }],
  ])('%s: an error that is never kept, whole answers again afterwards', async (_, given) => {
    await fault(given);
    const ask = { ...one, prompt: 'Tell me about the sea', temperature: 0, cache: 'default', timeout_ms: 2_000 };
    const broken = await client.invoke(ask);
    expect(broken.isError).toBe(true);
    expect(['model_error', 'network']).toContain(broken.error.category);
    await app.sandbox.control.clearFaults();
    const whole = await client.invoke({ ...ask, timeout_ms: 10_000 });
    expect(whole.result).toMatchObject({ source: 'bedrock', text: expect.stringMatching(/\S/) });
  });

  it.each(['throttlingException', 'modelStreamErrorException', 'internalServerException'] as const)(
    'F13 %s inside the stream: moved on, without a doubled text',
    async (name) => {
      const ask = { ...one, prompt: 'Tell me about the sea' };
      const clean = await client.invoke(ask);
      await fault({ kind: 'stream-exception', name, afterEvents: 3, count: 1 });
      const answer = await client.invoke(ask);
      expect(answer.result.text).toBe(clean.result.text);
      expect(answer.result.attempts).toHaveLength(2);
    },
  );

  it('F15 an event nobody knows: passed over', async () => {
    await fault({ kind: 'unknown-event', afterEvents: 2 });
    expect((await client.invoke(one)).result.attempts).toHaveLength(1);
  });

  it('F17 a giant answer: refused, not held in memory', async () => {
    await fault({ kind: 'giant-body', bytes: 52_428_800, count: 4 });
    const before = process.memoryUsage().rss;
    const answer = await client.invoke({ ...one, timeout_ms: 8_000 });
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
    if (answer.isError) expect(answer.error.category).toBe('model_error');
  });

  it.each([{ outputTokens: -5 }, { outputTokens: '7' }, { outputTokens: 1e30 }, { inputTokens: null }])(
    'F18 usage that cannot be: %j becomes an estimate',
    async (usage) => {
      await fault({ kind: 'bad-usage', usage });
      const { result } = await client.invoke(one);
      expect(result.usage['output_tokens']).toBeGreaterThan(0);
      expect(result.usage['output_tokens']).toBeLessThan(1_000);
      expect((await booked()).nanoUsd / 1e9).toBeCloseTo(result.cost_usd, 9);
    },
  );

  it('F19 a clock an hour off: corrected once', async () => {
    await app.sandbox.control.clock(3_600_000);
    // Each region has a connection, and a clock, of its own.
    const arn = { model: `arn:aws:bedrock:us-east-1::foundation-model/${lite}`, fallback: false };
    expect((await client.invoke(arn)).isError).toBe(false);
    expect(await app.upstream()).toHaveLength(2);
    expect((await client.invoke(arn)).isError).toBe(false);
    expect(await app.upstream()).toHaveLength(3);
  });

  it('F31, F32 cancelled: the call to Bedrock ends within 100 ms and what it used is booked', async () => {
    await app.sandbox.control.latency({ firstTokenMs: 10, tokensPerSecond: 20 });
    const controller = new AbortController();
    const running = client.invoke({ ...one, max_tokens: 400 }, controller.signal).catch(() => 'ended');
    await until(async () => ((await app.upstream())[0]?.eventsSent ?? 0) >= 4);
    controller.abort();
    const cancelledAt = performance.now();
    await until(async () => (await app.upstream())[0]?.aborted === true);
    expect(performance.now() - cancelledAt).toBeLessThan(150);
    expect(await running).toBe('ended');
    await until(async () => (await booked()).nanoUsd > 0);
  });

  it('F31 many cancelled calls leave nothing running', async () => {
    await app.sandbox.control.latency({ firstTokenMs: 5_000 });
    for (let round = 0; round < 10; round += 1) {
      const controller = new AbortController();
      const running = [...Array(30)].map(() => client.invoke(one, controller.signal).catch(() => undefined));
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.abort();
      await Promise.all(running);
    }
    await until(async () => /bedrock_mcp_in_flight 0\n/.test((await app.application.metrics?.render())?.body ?? ''));
    await until(async () => (await app.upstream()).every(({ aborted }) => aborted));
    await app.sandbox.control.latency({ firstTokenMs: 0 });
    expect((await client.invoke(one)).isError).toBe(false);
  });
});

describe('fault matrix: limits and stores', () => {
  afterEach(async () => {
    await client.close();
    await app.close();
  });
  afterAll(stopAllRedis);

  it('F30 far more calls than places: each is answered or refused with a time to come back', async () => {
    await start({ BEDROCK_MAX_CONCURRENT_REQUESTS: '10', BEDROCK_MAX_CONCURRENT_PER_MODEL: '5' });
    await app.sandbox.control.latency({ firstTokenMs: 20 });
    const answers = await Promise.all([...Array(200)].map(() => client.invoke({ ...one, timeout_ms: 8_000 })));
    const refused = answers.filter(({ isError }) => isError);
    expect(answers.length - refused.length).toBeGreaterThan(100);
    for (const answer of refused) {
      expectTypedError(answer, 'rate_limit');
      expect(answer.error.retry_after_ms).toBeGreaterThan(0);
    }
  });

  it('F20, F21 Redis stopped, then gone: answers go on', async () => {
    const redis = await startRedis();
    await start({ BEDROCK_REDIS_URL: redis.url, BEDROCK_CACHE_TTL: '60' });
    const ask = (prompt: string) => client.invoke({ ...one, prompt, cache: 'default' });
    expect((await ask('first')).isError).toBe(false);
    redis.signal('SIGSTOP');
    const stopped = [await ask('second'), await ask('third')];
    redis.signal('SIGCONT');
    redis.signal('SIGKILL');
    const gone = [await ask('fourth'), await ask('fifth')];
    for (const { isError, elapsedMs } of [...stopped, ...gone]) {
      expect([isError, elapsedMs < 1_000]).toEqual([false, true]);
    }
  });
});

async function until(condition: () => Promise<boolean>, timeoutMs = 3_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error('it did not come to pass in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
