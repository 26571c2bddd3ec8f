import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { type ApplicationParts, startApplication, type TestApplication, withoutJitter } from '../faults/application.js';
import { connectClient, type InvokeAnswer, type TestClient } from '../faults/mcp-client.js';
import { until } from '../support/until.js';

/*
 * What a client sees of each fault, through a real MCP client, the whole application and the sandbox. Faults of stores and
 * of time (F20 to F24, F34) are in fault-matrix-stores.test.ts, those of the process and its disk (F25 to F28, F33) in
 * fault-matrix-process.test.ts.
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

async function start(env: Record<string, string> = {}, parts: ApplicationParts = {}): Promise<void> {
  const ours = { AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_REGIONS: 'us-east-1,us-west-2' };
  app = await startApplication({ ...ours, BEDROCK_FIRST_TOKEN_TIMEOUT: '1', ...env }, parts);
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

const report = () =>
  app.application.service.costReport({
    fromMs: Date.now() - 3_600_000,
    toMs: Date.now() + 3_600_000,
    groupBy: 'model',
  });

async function booked() {
  const { totals, budgets } = await report();
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
    // Far below the deadline, let alone the minute.
    expect(refused.elapsedMs).toBeLessThan(4_000);
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

  it('F7 connection refused: another region answers, long before the deadline', async () => {
    await fault({ kind: 'cut-before', region: 'us-east-1' });
    const answer = await client.invoke(one);
    expect(answer.result.model).toMatchObject({ used: lite, region: 'us-west-2' });
    expect(answer.elapsedMs).toBeLessThan(8_000);
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
    expect([moved.isError, moved.elapsedMs < 8_000]).toEqual([false, true]);
    const ended = await client.invoke({ ...one, timeout_ms: 600 });
    expectTypedError(ended, 'timeout');
    expect(ended.elapsedMs).toBeLessThan(5_000);
    const hanging = async () => (await app.upstream()).filter((call) => call.fault === 'hang');
    await until(async () => (await hanging()).every(({ aborted }) => aborted));
  });

  it('F10 a byte a second: ends at the deadline', async () => {
    await fault({ kind: 'slow-drip', bytesPerSecond: 1 });
    const answer = await client.invoke({ ...one, timeout_ms: 700 });
    expectTypedError(answer, 'timeout');
    expect(answer.elapsedMs).toBeLessThan(5_000);
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

  it('F31, F32 cancelled: the call to Bedrock ends at once and what it used is booked', async () => {
    await app.sandbox.control.latency({ firstTokenMs: 10, tokensPerSecond: 20 });
    const controller = new AbortController();
    const running = client.invoke({ ...one, max_tokens: 400 }, controller.signal).catch(() => 'ended');
    await until(async () => ((await app.upstream())[0]?.eventsSent ?? 0) >= 4);
    controller.abort();
    // Its answer would take many seconds more; scripts/cancel.ts measures how many milliseconds this takes.
    await until(async () => (await app.upstream())[0]?.aborted === true, 4_000);
    expect(await running).toBe('ended');
    await until(async () => (await booked()).nanoUsd > 0);
  });

  it('F32 cancelled before the first byte: what Bedrock was sent is booked, as an estimate', async () => {
    await fault({ kind: 'hang' });
    const controller = new AbortController();
    const running = client.invoke({ ...one, prompt: 'Say something long' }, controller.signal).catch(() => 'ended');
    await until(async () => (await app.upstream()).length === 1);
    expect((await booked()).nanoUsd).toBe(0);
    controller.abort();
    expect(await running).toBe('ended');
    await until(async () => (await booked()).nanoUsd > 0);
    const { groups } = await report();
    expect(groups).toMatchObject([{ key: lite, calls: 1, usage: { estimated: true, outputTokens: 0 } }]);
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

describe('fault matrix: many calls', () => {
  afterEach(async () => {
    await client.close();
    await app.close();
  });

  it.each<[string, FaultSpec, string]>([
    ['503', error('ServiceUnavailableException'), 'model_error'],
    ['500', error('InternalServerException'), 'model_error'],
    ['502 of a proxy', { kind: 'html-error' }, 'network'],
  ])('F3 %s: a clean error, and the breaker opens', async (_, given, category) => {
    await start({}, { random: withoutJitter });
    await fault(given);
    // Fewer attempts than open a breaker, so that nothing waits.
    expectTypedError(await client.invoke({ ...one, timeout_ms: 15_000 }), category);
    for (let call = 0; call < 10 && (await openBreakers()).length === 0; call += 1) {
      await client.invoke({ ...one, timeout_ms: 3_000 });
    }
    expect((await openBreakers()).length).toBeGreaterThan(0);
  });

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
});
