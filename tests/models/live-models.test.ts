import { describe, expect, it } from '@jest/globals';
import { type ErrorReason, ServiceError } from '../../src/core/errors.js';
import type { CallEvent, EventOrigin } from '../../src/core/events.js';
import type { ListedModel, ListedProfile, ModelFactsSource } from '../../src/core/model-facts.js';
import { modelId, region, type Target, targetKey } from '../../src/core/target.js';
import { loadCatalogue } from '../../src/models/catalogue/load-catalogue.js';
import { createLiveModels } from '../../src/models/live-models.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';

const catalogue = loadCatalogue();
const origin: EventOrigin = { requestId: 'r', caller: 'c', atMs: 0 };
const signal = new AbortController().signal;
const refused = (reason?: ErrorReason) => new ServiceError('authorization', 'No.', reason ? { reason } : {});

const usRegions = ['us-east-1', 'us-east-2', 'us-west-2'];
const listedModel = (id: string, changes: Partial<ListedModel> = {}): ListedModel => ({
  id,
  lifecycle: 'ACTIVE',
  onDemand: true,
  ...changes,
});
const listedProfile = (id: string, destinations: readonly string[] = usRegions): ListedProfile => ({
  id,
  destinations,
});

/** What AWS says; each part can be changed while a test runs. */
function pretendedAws() {
  const asked: string[] = [];
  const says = {
    models: catalogue.models.map(({ id }) => listedModel(id)) as readonly ListedModel[] | ServiceError,
    profiles: catalogue.models.flatMap(({ profiles }) =>
      Object.entries(profiles).map(([geography, id]) => listedProfile(id, geography === 'global' ? [''] : usRegions)),
    ) as readonly ListedProfile[] | ServiceError,
    arns: {} as Record<string, readonly string[]>,
    destinations: ['us-east-1'] as readonly string[],
    refuses: new Set<string>(),
    silent: false,
  };
  const given = <Value>(value: Value | ServiceError): Value => {
    if (value instanceof ServiceError) throw value;
    return value;
  };
  const source: ModelFactsSource = {
    listFoundationModels: async (place) => {
      asked.push(`models ${place}`);
      return given(says.models);
    },
    listInferenceProfiles: async (place) => {
      asked.push(`profiles ${place}`);
      return given(says.profiles);
    },
    describe: async (arn) => {
      asked.push(arn);
      const models = says.arns[arn];
      if (!models) throw refused();
      return { models, destinations: says.destinations };
    },
    modelAvailability: async (id) => {
      asked.push(`access ${id}`);
      if (says.silent) throw refused();
      return { callable: !says.refuses.has(id) };
    },
  };
  return { asked, says, source };
}

function setUp(
  options: { regions?: readonly string[]; geographies?: readonly string[]; names?: readonly string[] } = {},
) {
  const aws = pretendedAws();
  const clock = fakeClock();
  const models = createLiveModels({
    catalogue,
    regions: (options.regions ?? ['us-east-1']).map(region),
    ...(options.geographies && { geographies: options.geographies }),
    arnHints: { 'arn:aws:bedrock:us-east-1:123456789012:imported-model/hinted': 'llama' },
    names: options.names ?? [],
    source: () => aws.source,
    clock,
    random: fakeRandom(),
  });
  const targets = (name: string) => models.directory.targetsOf(models.directory.resolve(name));
  const keys = (name: string) => targets(name).targets.map(targetKey);
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0);
  };
  const started = async () => {
    models.start();
    await settle();
  };
  return { ...aws, clock, models, keys, refusal: (name: string) => targets(name).refusal, settle, started };
}

describe("AWS's lists", () => {
  it('are not asked for before the start, and once for many calls', async () => {
    const { models, asked, settle, started } = setUp();
    await models.prepare('claude', signal);
    await settle();
    expect(asked).toEqual([]);
    await started();
    await Promise.all([models.prepare('claude', signal), models.prepare(undefined, signal)]);
    await settle();
    expect(asked).toEqual(['models us-east-1', 'profiles us-east-1']);
  });

  it('are renewed in the background about once an hour, when somebody calls', async () => {
    const { models, asked, clock, settle, started } = setUp();
    await started();
    await clock.advance(40 * 60_000);
    await models.prepare(undefined, signal);
    expect(asked).toHaveLength(2);
    await clock.advance(40 * 60_000);
    await models.prepare(undefined, signal);
    await settle();
    expect(asked).toHaveLength(4);
  });

  it('take away a profile that does not exist', async () => {
    const { says, keys, started } = setUp();
    expect(keys('nova-lite')).toEqual(['us.amazon.nova-lite-v1:0@us-east-1']);
    says.profiles = [listedProfile('us.amazon.nova-pro-v1:0')];
    await started();
    expect(keys('nova-lite')).toEqual(['amazon.nova-lite-v1:0@us-east-1']);
    expect(keys('us.amazon.nova-lite-v1:0')).toEqual([]);
  });

  it('say that a profile is needed, or that it is not', async () => {
    const { says, keys, started } = setUp();
    says.models = [
      listedModel('openai.gpt-oss-120b-1:0', { onDemand: false }),
      listedModel('anthropic.claude-sonnet-5-5', { onDemand: true }),
    ];
    says.profiles = [listedProfile('us.amazon.nova-pro-v1:0')];
    await started();
    expect(keys('openai.gpt-oss-120b-1:0')).toEqual([]);
    expect(keys('anthropic.claude-sonnet-5-5')).toEqual(['anthropic.claude-sonnet-5-5@us-east-1']);
    // Not listed in the region at all.
    expect(keys('amazon.nova-lite-v1:0')).toEqual([]);
  });

  it('that fail leave the word of the catalogue, and are asked for again sooner', async () => {
    const { says, asked, keys, clock, models, settle, started } = setUp();
    says.models = refused();
    says.profiles = [];
    await started();
    expect(keys('nova-lite')).toEqual(['us.amazon.nova-lite-v1:0@us-east-1']);
    await clock.advance(6 * 60_000);
    await models.prepare(undefined, signal);
    await settle();
    expect(asked).toHaveLength(4);
  });

  it('age a model, and bring one to life that nobody had checked', async () => {
    const { says, models, started } = setUp();
    const unverified = catalogue.models.find(({ lifecycle }) => lifecycle.status === 'UNVERIFIED')?.id ?? '';
    says.models = [listedModel('amazon.nova-lite-v1:0', { lifecycle: 'LEGACY' }), listedModel(unverified)];
    await started();
    const status = (id: string) => models.directory.find(modelId(id))?.lifecycle.status;
    expect([status('amazon.nova-lite-v1:0'), status(unverified)]).toEqual(['LEGACY', 'ACTIVE']);
    expect(models.directory.revision()).toBe(1);
  });
});

describe('residency', () => {
  it.each([
    [['us'], usRegions, true],
    [['us'], ['us-east-1', 'us-west-1'], true],
    [['us'], ['us-east-1', 'eu-west-1'], false],
    [['us'], ['us-east-1', ''], false],
    [['us', 'global'], ['us-east-1', ''], true],
    [undefined, ['us-east-1', ''], false],
    [['us'], ['us-gov-west-1'], false],
  ])(
    'goes by the list of the profile itself: under %j a profile to %j is usable: %s',
    async (geographies, to, usable) => {
      const { says, keys, started } = setUp(geographies ? { geographies } : {});
      says.profiles = [listedProfile('us.anthropic.claude-sonnet-5-5', to)];
      says.models = refused();
      await started();
      const expected = usable ? ['us.anthropic.claude-sonnet-5-5@us-east-1'] : [];
      expect(keys('us.anthropic.claude-sonnet-5-5')).toEqual(expected);
    },
  );
});

const nova: Target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const ended = (target: Target, reason?: ErrorReason): CallEvent => ({
  type: 'attempt-ended',
  target,
  number: 1,
  latencyMs: 1,
  outcome: reason ? 'failed' : 'succeeded',
  ...(reason && { failure: { category: 'model_unavailable', reason, message: 'AWS refuses it.' } }),
});

describe('a model that AWS refuses', () => {
  const gpt: Target = { model: modelId('openai.gpt-oss-120b-1:0'), region: region('us-east-1') };

  it.each(['end_of_life', 'legacy', 'access_not_enabled', 'wrong_model_id', 'model_blocked'] as const)(
    'for %s leaves rotation with the reason, and is tried again after about half an hour',
    async (reason) => {
      const { models, keys, refusal, clock } = setUp();
      models.subscriber.onCallEvent(ended(gpt, reason), origin);
      expect(keys(gpt.model)).toEqual([]);
      expect(refusal(gpt.model)).toBe('AWS refuses it. It is tried again later.');
      const out = models.directory.revision();
      await clock.advance(20 * 60_000);
      expect([keys(gpt.model), models.directory.revision()]).toEqual([[], out]);
      await clock.advance(20 * 60_000);
      expect(keys(gpt.model)).toEqual(['openai.gpt-oss-120b-1:0@us-east-1']);
      expect(models.directory.revision()).toBeGreaterThan(out);
    },
  );

  it.each(['input_too_long', 'daily_quota', 'credentials_expired'] as const)('for %s stays', (reason) => {
    const { models, keys } = setUp();
    models.subscriber.onCallEvent(ended(gpt, reason), origin);
    expect(keys(gpt.model)).toHaveLength(1);
  });

  it('under one profile can still be called otherwise, and in other regions', () => {
    const { models, keys } = setUp({ regions: ['us-east-1', 'us-west-2'] });
    const [profiled] = models.directory.targetsOf(models.directory.resolve('nova-lite')).targets;
    models.subscriber.onCallEvent(ended(profiled ?? nova, 'wrong_model_id'), origin);
    expect(keys('nova-lite')).toEqual(['amazon.nova-lite-v1:0@us-east-1', 'us.amazon.nova-lite-v1:0@us-west-2']);
  });

  it('under its base id is called through its profile from then on', () => {
    const { models, keys } = setUp();
    const model = modelId('deepseek.v3.2');
    expect(keys(model)).toEqual(['deepseek.v3.2@us-east-1']);
    models.subscriber.onCallEvent(ended({ model, region: region('us-east-1') }, 'needs_profile'), origin);
    expect(keys(model)).toEqual(['us.deepseek.v3.2@us-east-1']);
  });

  it('comes back when a call succeeds, or when AWS says that it may be called', async () => {
    const { models, keys, says, clock, settle, started } = setUp();
    models.subscriber.onCallEvent(ended(gpt, 'legacy'), origin);
    models.subscriber.onCallEvent(ended(gpt), origin);
    expect(keys(gpt.model)).toHaveLength(1);
    models.subscriber.onCallEvent(ended(gpt, 'access_not_enabled'), origin);
    says.refuses.add(gpt.model);
    says.models = refused();
    await started();
    expect(keys(gpt.model)).toEqual([]);
    says.refuses.clear();
    await clock.advance(7 * 60_000);
    await models.prepare(undefined, signal);
    await settle();
    expect(keys(gpt.model)).toHaveLength(1);
  });

  it('ends by the date of the catalogue, without any word of AWS', async () => {
    const { keys, refusal, clock } = setUp();
    const jamba = 'ai21.jamba-1-5-large-v1:0';
    expect(keys(jamba)).toHaveLength(1);
    await clock.advance(5 * 86_400_000);
    expect(keys(jamba)).toEqual([]);
    expect(refusal(jamba)).toContain('retired on 2026-11-26');
  });
});

describe('an ARN of the account', () => {
  const arnOf = (kind: string, place = 'us-east-1') => `arn:aws:bedrock:${place}:123456789012:${kind}/abc123`;

  it.each([
    'application-inference-profile',
    'provisioned-model',
    'custom-model',
    'custom-model-deployment',
    'prompt-router',
  ])('of kind %s is asked about once and called as it is', async (kind) => {
    const { models, asked, says, keys } = setUp();
    const arn = arnOf(kind);
    says.arns[arn] = ['amazon.nova-lite-v1:0'];
    await Promise.all([models.prepare(arn, signal), models.prepare(` ${arn} `, signal)]);
    await models.prepare(arn, signal);
    expect(asked).toEqual([arn]);
    const resolved = models.directory.resolve(arn);
    expect(resolved).toMatchObject({ model: { id: 'amazon.nova-lite-v1:0' }, profile: arn, region: 'us-east-1' });
    expect(keys(arn)).toEqual([`${arn}@us-east-1`]);
  });

  it('that AWS does not explain says how to name its model, and is not asked about for each call', async () => {
    const { models, asked, clock } = setUp();
    const arn = arnOf('imported-model');
    await expect(models.prepare(arn, signal)).rejects.toMatchObject({
      category: 'validation',
      reason: 'wrong_model_id',
      remedy: expect.stringContaining('BEDROCK_MODEL_ARNS'),
    });
    await expect(models.prepare(arn, signal)).rejects.toMatchObject({ reason: 'wrong_model_id' });
    expect(asked).toHaveLength(1);
    expect(() => models.directory.resolve(arn)).toThrow('not known which model');
    await clock.advance(61_000);
    await expect(models.prepare(arn, signal)).rejects.toThrow();
    expect(asked).toHaveLength(2);
  });

  it('is not given up for others when one caller cancels', async () => {
    const { models, says, asked } = setUp();
    const arn = arnOf('provisioned-model');
    says.arns[arn] = ['amazon.nova-lite-v1:0'];
    const cancelled = models.prepare(arn, AbortSignal.abort());
    const waiting = models.prepare(arn, signal);
    await expect(cancelled).rejects.toMatchObject({ category: 'cancelled' });
    await waiting;
    expect([asked, models.directory.resolve(arn).model.id]).toEqual([[arn], 'amazon.nova-lite-v1:0']);
  });

  it('that the operator explained needs no word of AWS', async () => {
    const { models, asked } = setUp();
    const arn = 'arn:aws:bedrock:us-east-1:123456789012:imported-model/hinted';
    await models.prepare(arn, signal);
    expect(asked).toEqual([]);
    expect(models.directory.resolve(arn).model.family).toContain('llama');
  });

  it.each([
    [['us-east-1', 'eu-west-1'], ['us'], 0],
    [['us-east-1', ''], undefined, 0],
    [['us-east-1', 'us-west-2'], ['us'], 1],
  ])('with destinations %j under %j has %i targets', async (destinations, geographies, count) => {
    const { models, says, keys } = setUp(geographies ? { geographies } : {});
    const arn = arnOf('application-inference-profile');
    says.arns[arn] = ['amazon.nova-lite-v1:0'];
    says.destinations = destinations;
    await models.prepare(arn, signal);
    expect(keys(arn)).toHaveLength(count);
  });

  it('of another region than the configured ones is refused', async () => {
    const { models, says, refusal } = setUp();
    const arn = arnOf('provisioned-model', 'us-west-2');
    says.arns[arn] = ['amazon.nova-lite-v1:0'];
    await models.prepare(arn, signal);
    expect(refusal(arn)).toContain('us-west-2');
  });
});

describe('access to models', () => {
  const names = ['nova-lite', 'nova-lite', 'claude', 'no such model', 'gpt-oss', 'llama', 'deepseek', 'qwen'];

  it('is verified at the start until three can be called', async () => {
    const { models, asked, says, settle, started } = setUp({ names });
    expect(await models.check.run(false, signal)).toMatchObject({
      status: 'healthy',
      detail: expect.stringContaining('not asked'),
    });
    says.refuses.add('anthropic.claude-sonnet-5-5');
    await started();
    await settle();
    expect(asked.filter((entry) => entry.startsWith('access'))).toHaveLength(4);
    const result = await models.check.run(false, signal);
    expect(result.status).toBe('healthy');
    expect(result.detail).toMatch(/^3 of 4 models asked about can be called; access: .*; no access: anthropic/);
  });

  it.each([
    ['all are refused', ['amazon.nova-lite-v1:0', 'openai.gpt-oss-120b-1:0'], false, 'unhealthy', '0 of 2'],
    ['some are', ['amazon.nova-lite-v1:0'], false, 'degraded', '1 of 2'],
    ['AWS does not say', [], true, 'degraded', 'AWS did not say'],
  ])('tells honestly that %s', async (_, refuses, silent, status, detail) => {
    const { models, says } = setUp({ names: ['nova-lite', 'gpt-oss'] });
    for (const id of refuses) says.refuses.add(id);
    says.silent = silent;
    const result = await models.check.run(true, signal);
    expect(result).toMatchObject({ status, detail: expect.stringContaining(detail) });
    expect(result.remedy).toContain('Enable access');
  });
});
