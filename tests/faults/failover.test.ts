import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './application.js';

/* What the caller gets when Bedrock fails, through the whole application and a real connection. */

const lite = 'amazon.nova-lite-v1:0';
const servedBy = ({ response }: Awaited<ReturnType<TestApplication['invoke']>>) => response.served;

describe('failover', () => {
  let app: TestApplication;
  beforeEach(async () => {
    app = await startApplication({ AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_REGIONS: 'us-east-1,us-west-2' });
  });
  afterEach(() => app.close());

  it('goes to the same model in another region when one throttles', async () => {
    await app.sandbox.control.faults({ kind: 'error', name: 'ThrottlingException', region: 'us-east-1' });
    const { model, region } = servedBy(await app.invoke({ model: lite }));
    expect({ model, region }).toEqual({ model: lite, region: 'us-west-2' });
  });

  it.each(['FTUFormNotFilled', 'AccessDeniedException'] as const)(
    'goes to another provider on %s, and never back to the one that refused',
    async (name) => {
      const claude = app.sandbox.catalogue.models.filter(({ provider }) => provider === 'anthropic');
      await app.sandbox.control.faults(...claude.map(({ id }) => ({ kind: 'error' as const, name, model: id })));
      const invocation = await app.invoke({ task: 'code', prompt: 'Write a Python function' });
      expect(servedBy(invocation).model).not.toMatch(/^anthropic/);
      expect(invocation.record.attempts).toHaveLength(2);
    },
  );

  it('lowers max_tokens to the limit that the service names, and remembers it', async () => {
    const message = 'The maximum tokens you requested exceeds the model limit of 33. Try again with less than 33.';
    await app.sandbox.control.faults({ kind: 'error', name: 'ValidationException', message, count: 1 });
    const ask = { model: `arn:aws:bedrock:us-east-1::foundation-model/${lite}`, max_tokens: 100, fallback: false };
    const first = await app.invoke(ask);
    expect(first.response.notices.join()).toContain('max_tokens was lowered to 33');
    await app.invoke(ask);
    const asked = (await app.upstream()).map(({ requestBody }) => JSON.parse(requestBody).inferenceConfig.maxTokens);
    expect(asked).toEqual([100, 33, 33]);
  });

  it('sends a profile where on-demand is refused, and remembers it', async () => {
    const base = app.sandbox.catalogue.models.find(
      ({ requiresProfile, profiles, kind, lifecycle }) =>
        requiresProfile === false && profiles['us'] !== undefined && kind === 'chat' && lifecycle.status === 'ACTIVE',
    );
    if (base === undefined) throw new Error('the catalogue has no such model');
    const message = "Invocation of model ID with on-demand throughput isn't supported.";
    await app.sandbox.control.faults({ kind: 'error', name: 'ValidationException', message, model: base.id, count: 1 });
    for (let call = 0; call < 2; call += 1) {
      // The ARN keeps both calls in one region.
      const model = `arn:aws:bedrock:us-east-1::foundation-model/${base.id}`;
      const { response } = await app.invoke({ model, fallback: false });
      expect(response.served.profile).toMatch(/^us\./);
    }
    expect((await app.upstream()).map(({ modelId }) => modelId)).toEqual([
      base.id,
      base.profiles['us'],
      base.profiles['us'],
    ]);
  });

  it('leaves sampling out where the model refuses it, says so, and remembers it', async () => {
    const message = '`temperature` is deprecated for this model.';
    await app.sandbox.control.faults({ kind: 'error', name: 'ValidationException', message, count: 1 });
    const ask = { model: `arn:aws:bedrock:us-east-1::foundation-model/${lite}`, temperature: 0.2, fallback: false };
    const first = await app.invoke(ask);
    expect(first.response.notices).toContain(`${lite} does not take temperature: left out.`);
    await app.invoke(ask);
    const asked = (await app.upstream()).map(({ requestBody }) => JSON.parse(requestBody).inferenceConfig.temperature);
    expect(asked).toEqual([0.2, undefined, undefined]);
  });

  it('goes through the profile of the geography where a policy forbids the global one, and remembers it', async () => {
    const found = app.sandbox.catalogue.models.find(
      ({ requiresProfile, profiles, kind, lifecycle }) =>
        requiresProfile === true &&
        profiles['global'] &&
        profiles['us'] &&
        kind === 'chat' &&
        lifecycle.status === 'ACTIVE',
    );
    const [model, us, global] = [found?.id ?? '', found?.profiles['us'] ?? '', found?.profiles['global'] ?? ''];
    const limited = await startApplication({
      AWS_BEDROCK_REGION: 'us-east-1',
      BEDROCK_ALLOWED_GEOGRAPHIES: 'global,us',
    });
    const message =
      'is not authorized to perform: bedrock:InvokeModel with an explicit deny in a service control policy';
    await limited.sandbox.control.faults({ kind: 'error', name: 'AccessDeniedException', message, model: global });
    for (let call = 0; call < 2; call += 1) {
      expect(servedBy(await limited.invoke({ model, fallback: false })).profile).toBe(us);
    }
    expect((await limited.upstream()).map(({ modelId }) => modelId)).toEqual([global, us, us]);
    await limited.close();
  });

  it('never moves on after a mistake of the caller', async () => {
    await app.sandbox.control.faults({ kind: 'error', name: 'ValidationException', message: 'bad field' });
    expect((await app.failure({ model: lite })).category).toBe('validation');
    expect(await app.upstream()).toHaveLength(1);
  });

  it('books what a failed attempt consumed once, marked as estimated', async () => {
    await app.sandbox.control.faults({ kind: 'cut', afterEvents: 3, count: 1 });
    const { record } = await app.invoke({ model: lite, prompt: 'Tell me a long story about a lighthouse' });
    expect(record.attempts.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
    expect(record.attempts[0]?.usage).toMatchObject({ estimated: true });
    const report = await app.application.service.costReport({
      fromMs: Date.now() - 3_600_000,
      toMs: Date.now() + 3_600_000,
      groupBy: 'model',
    });
    expect(report.totals.cost).toBe(record.cost.nanoUsd);
  });
});

describe('an outage', () => {
  const single = { AWS_BEDROCK_REGION: 'us-east-1', BEDROCK_MAX_CONCURRENT_PER_MODEL: '50' };
  let app: TestApplication;
  beforeEach(async () => {
    app = await startApplication(single);
  });
  afterEach(() => app.close());

  const many = async (count: number, fields: Record<string, unknown>) => {
    const outcomes = [];
    for (let sent = 0; sent < count; sent += 25) {
      outcomes.push(...(await Promise.allSettled([...Array(25)].map(() => app.invoke(fields)))));
    }
    return outcomes;
  };

  it.each(['ServiceUnavailableException', 'ThrottlingException'] as const)(
    'of one model is not multiplied: at 100 %% %s at most 1.2 calls a request',
    async (name) => {
      await app.sandbox.control.faults({ kind: 'error', name });
      await many(100, { model: lite, fallback: false, timeout_ms: 800 });
      expect((await app.upstream()).length).toBeLessThanOrEqual(120);
    },
    30_000,
  );

  it('of everything costs at most 0.2 calls a request beyond the first round of candidates', async () => {
    await app.sandbox.control.faults({ kind: 'error', name: 'ServiceUnavailableException' });
    await many(100, { task: 'general', timeout_ms: 800 });
    const calls = await app.upstream();
    const models = new Set(calls.map(({ modelId }) => modelId));
    expect(models.size).toBeGreaterThan(2);
    expect(calls.length).toBeLessThanOrEqual(100 * 4 + 20);
  });

  it('ends for callers as soon as the model is back, not when its breaker would have closed', async () => {
    await app.sandbox.control.faults({ kind: 'error', name: 'ServiceUnavailableException' });
    await many(25, { model: lite, fallback: false, timeout_ms: 3_000 });
    const { breakers } = await app.application.service.health(false);
    expect(breakers).toMatchObject([{ state: 'open', why: 'model_error' }]);
    await app.sandbox.control.clearFaults();
    const startedAt = performance.now();
    const { response } = await app.invoke({ model: lite, fallback: false, timeout_ms: 12_000 });
    expect(response.served.model).toBe(lite);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    const changes = app.logged
      .filter(({ message }) => message.startsWith('breaker'))
      .map(({ fields }) => fields['state']);
    expect(changes).toEqual(['open', 'closed']);
  });
});
