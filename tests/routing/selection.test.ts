import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { MediaKind } from '../../src/core/content-blocks.js';
import type { Model } from '../../src/core/model.js';
import type { ModelRequest } from '../../src/core/request.js';
import { optimizeGoals, type StrategyName, strategyNames, tasks } from '../../src/core/request.js';
import { complexityLevels } from '../../src/core/routing.js';
import { type Demands, unfitReason } from '../../src/routing/candidate-filters.js';
import { createPerformanceTracker } from '../../src/routing/performance-tracker.js';
import { createQualityPosteriors } from '../../src/routing/quality-posteriors.js';
import { createSessionAffinity } from '../../src/routing/session-affinity.js';
import { fakeClock } from '../support/fake-clock.js';
import { catalogue, directoryFor, performanceOf, request, routerWith } from './routing-fixtures.js';

const simple = { complexity: { score: 0.1, level: 'simple' as const } };
const modelWeights = { grok: 1 };
const caller = (id: string) => ({ id, tenant: 't' });
const medium = { complexity: { score: 0.5, level: 'medium' as const } };
const firstOf = (decision: { candidates: readonly { target: { model: string } }[] }) =>
  decision.candidates[0]?.target.model;

describe('the choice', () => {
  it.each([
    ['code', simple, 'anthropic.claude-haiku-5-5'],
    ['code', medium, 'anthropic.claude-sonnet-5-5'],
    ['general', simple, 'amazon.nova-lite-v1:0'],
    ['general', medium, 'amazon.nova-2-lite-v1:0'],
    ['reasoning', simple, 'openai.gpt-oss-120b-1:0'],
    ['reasoning', medium, 'anthropic.claude-opus-5-5'],
  ] as const)('for %s, %j, is %s', (task, judged, model) => {
    expect(firstOf(routerWith({ judged }).route(request({ task })))).toBe(model);
  });

  it('tells what each other goal would have chosen, and keeps that promise', () => {
    const router = routerWith({ judged: medium });
    const { alternatives } = router.route(request({ task: 'code' }));
    for (const optimize of optimizeGoals) {
      expect(firstOf(router.route(request({ task: 'code', optimize })))).toBe(alternatives[optimize]);
    }
    expect(new Set(Object.values(alternatives)).size).toBeGreaterThan(1);
  });

  it('is the same until something is learned, ratings or not', () => {
    const posteriors = createQualityPosteriors({ seed: 3 });
    posteriors.observe({ model: 'anthropic.claude-sonnet-5-5', task: 'code', level: 'medium' }, 0.97, 0.9, 1);
    const router = routerWith({ judged: medium, posteriors });
    const { decisionMicroseconds: _, ...first } = router.route(request({ task: 'code' }));
    const { decisionMicroseconds: __, ...second } = router.route(request({ task: 'code' }));
    expect(second).toEqual(first);
  });

  it('moves away from a model that callers rate badly at this task only', () => {
    const posteriors = createQualityPosteriors({ seed: 3 });
    const arm = { model: 'anthropic.claude-sonnet-5-5', task: 'code', level: 'medium' } as const;
    for (let index = 0; index < 10; index += 1) posteriors.observe(arm, 0.97, 0.2, 1);
    const router = routerWith({ judged: medium, posteriors });
    const decision = router.route(request({ task: 'code' }));
    expect(firstOf(decision)).not.toBe(arm.model);
    const rated = decision.candidates.find(({ target }) => target.model === arm.model);
    expect(rated?.parts.quality).toBeLessThan((rated?.parts.prior ?? 0) - 0.05);
    expect(rated?.reasons.join()).toContain('ratings moved its quality');
  });

  it('slides from the cheapest to the best with the quality weight', () => {
    const router = routerWith({ judged: medium });
    const cost = (quality_weight: number) =>
      router.route(request({ task: 'code', quality_weight })).candidates[0]?.estimatedCost ?? 0;
    const costs = [0, 0.3, 0.6, 1].map(cost);
    expect(costs).toEqual(costs.toSorted((left, right) => left - right));
    expect(costs[3]).toBeGreaterThan((costs[0] ?? 0) * 5);
  });

  it.each([
    ['task', 'anthropic.claude-sonnet-5-5'],
    ['cheapest', 'mistral.ministral-3-3b-instruct'],
    ['weighted', 'xai.grok-4.7'],
  ] as const)('follows the configured strategy %s, unless the request says what to optimise', (strategy, model) => {
    const router = routerWith({ judged: simple, strategy, modelWeights: { grok: 1 } });
    const decision = router.route(request({ task: 'code' }));
    expect([decision.strategy, firstOf(decision)]).toEqual([strategy, model]);
    expect(router.route(request({ task: 'code', optimize: 'quality' })).strategy).toBe('balanced');
  });

  it('follows the strategy that the request names, whatever else is said or configured', () => {
    const router = routerWith({
      judged: simple,
      strategy: 'task',
      callerStrategies: { ada: 'weighted' },
      modelWeights,
    });
    const named = (strategy: StrategyName) =>
      router.route(request({ task: 'code', strategy, optimize: 'quality' }), { caller: caller('ada') });
    expect(strategyNames.map((name) => named(name).strategy)).toEqual(strategyNames);
    expect(firstOf(named('cheapest'))).toBe('mistral.ministral-3-3b-instruct');
    expect(firstOf(named('weighted'))).toBe('xai.grok-4.7');
  });

  it('follows the strategy configured for the caller, else for its group, else for all', () => {
    const callerStrategies = { ada: 'weighted', editors: 'fastest' } as const;
    const router = routerWith({ judged: simple, strategy: 'cheapest', callerStrategies, modelWeights });
    const followed = (id: string, ...groups: string[]) =>
      router.route(request({ task: 'code' }), { caller: { ...caller(id), groups } }).strategy;
    expect([followed('ada', 'editors'), followed('bob', 'staff', 'editors'), followed('bob', 'staff')]).toEqual([
      'weighted',
      'fastest',
      'cheapest',
    ]);
    expect(followed('toString')).toBe('cheapest');
  });

  it('refuses the strategy weighted where no weights are configured', () => {
    const route = () => routerWith().route(request({ strategy: 'weighted' }));
    expect(route).toThrow(expect.objectContaining({ category: 'validation', reason: 'no_weights' }));
  });
});

describe('a conversation', () => {
  const turns = (count: number) => [
    { role: 'user', content: 'Let us write a compiler.' },
    ...Array.from({ length: count }, (_, index) => [
      { role: 'assistant', content: 'Good.' },
      { role: 'user', content: `Next step ${index}` },
    ]).flat(),
  ];
  const setUp = (cachedTokens: number, errorRate = 0) => {
    const affinity = createSessionAffinity({ clock: fakeClock() });
    const performance = performanceOf(
      errorRate > 0 ? { 'amazon.nova-2-lite-v1:0': { calls: 9, errorRate, latencyMs: 900 } } : {},
    );
    const router = routerWith({ affinity, judged: simple, performance, regions: ['us-east-1', 'us-west-2'] });
    const [target] = directoryFor(['us-west-2']).targetsOf(directoryFor(['us-west-2']).resolve('nova-2-lite')).targets;
    const ask = (count: number, caller = 'ada') =>
      router.route(request({ messages: turns(count) }), { caller: { id: caller, tenant: 't' } });
    if (target) affinity.keep(ask(0).conversation, { target, cachedTokens });
    return { ask, target };
  };

  it('stays with the model and region that answered it, for a bounded price', () => {
    const { ask, target } = setUp(0);
    expect(firstOf(ask(0))).toBe('amazon.nova-lite-v1:0');
    const candidate = ask(2).candidates.find(({ target: { model } }) => model === target?.model);
    expect(candidate?.target).toEqual(target);
    expect(candidate?.parts.affinity).toBe(0.02);
  });

  it('gets the price of its cached prompt, and counts for its caller only', () => {
    const { ask, target } = setUp(1_000_000);
    const costOf = (caller: string) =>
      ask(2, caller).candidates.find(({ target: { model } }) => model === target?.model)?.estimatedCost ?? 0;
    expect(costOf('ada')).toBeLessThan(costOf('bob'));
  });

  it('leaves a model that fails', () => {
    const { ask } = setUp(1_000_000, 0.5);
    expect(firstOf(ask(2))).not.toBe('amazon.nova-2-lite-v1:0');
  });
});

describe('many decisions', () => {
  it('leave nothing behind', () => {
    const tracker = createPerformanceTracker({ clock: fakeClock() });
    const posteriors = createQualityPosteriors({ seed: 1 });
    const affinity = createSessionAffinity({ clock: fakeClock() });
    const router = routerWith({ performance: tracker, load: tracker, posteriors, affinity });
    for (let index = 0; index < 10_000; index += 1) {
      router.route(request({ prompt: `question ${index}`, task: tasks[index % 3] }), {
        caller: { id: `c${index}`, tenant: 't' },
      });
    }
    expect(affinity.size()).toBe(0);
    expect(tracker.version()).toBe(0);
    expect(Object.keys(posteriors.snapshot().models)).toEqual([]);
  });
});

const png = { type: 'image', format: 'png', data: 'AAAA' };
const pdf = { type: 'document', format: 'pdf', name: 'a', data: 'AAAA' };
const tool = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } };
const chat = catalogue.models.filter(({ kind }) => kind === 'chat').map(({ id }) => id);

const limited = catalogue.models
  .filter(({ kind, lifecycle }) => kind === 'chat' && lifecycle.status !== 'EOL')
  .filter(({ tools, contextWindow = 0 }) => tools === false || contextWindow < 40_000)
  .map(({ id }) => id);

const configuration = fc.record({
  regions: fc.uniqueArray(fc.constantFrom(...catalogue.regions.commercial, ...catalogue.regions.govcloud), {
    minLength: 1,
    maxLength: 4,
  }),
  geographies: fc.option(fc.subarray(['us', 'eu', 'apac', 'jp', 'au', 'us-gov', 'global']), { nil: undefined }),
  strategy: fc.constantFrom(...strategyNames),
  // Models that can do little are rare in the catalogue, so they get a chance of their own.
  route: fc.oneof(fc.subarray(chat, { maxLength: 4 }), fc.subarray(limited, { minLength: 1 })),
  fallbackModels: fc.subarray(chat, { maxLength: 3 }),
  weights: fc.subarray(
    catalogue.models
      .filter(({ callable }) => callable === true)
      .filter(({ kind, endpoint }) => kind === 'chat' && endpoint === undefined)
      .map(({ id }) => id),
    { maxLength: 3 },
  ),
  level: fc.constantFrom(...complexityLevels),
  confidence: fc.constantFrom(0.3, 0.9),
  warm: fc.constantFrom(...chat),
});
const asked = fc.record({
  task: fc.constantFrom(...tasks, undefined),
  optimize: fc.constantFrom(...optimizeGoals, undefined),
  quality_weight: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  model: fc.constantFrom(undefined, 'claude', 'nova-micro', 'us.amazon.nova-pro-v1:0', 'deepseek-r1'),
  fallback: fc.constantFrom(undefined, false),
  max_tokens: fc.constantFrom(undefined, 1, 60_000),
  content: fc.subarray([png, pdf]),
  tools: fc.boolean(),
  structured: fc.boolean(),
  streaming: fc.boolean(),
  characters: fc.constantFrom(1, 10_000, 600_000, 4_000_000),
});

type Configuration = typeof configuration extends fc.Arbitrary<infer Value> ? Value : never;
type Asked = typeof asked extends fc.Arbitrary<infer Value> ? Value : never;

/** Told from the catalogue's lists, not by the code under test. */
function mayBeCalled(name: string, geographies: readonly string[] | undefined): boolean {
  if (geographies === undefined) return true;
  return geographies.some((geography) => {
    if (geography === 'global') return catalogue.regions.commercial.includes(name);
    return (catalogue.geographies[geography] ?? []).includes(name);
  });
}

function requestOf({ content, tools, structured, characters, streaming: _, ...fields }: Asked): ModelRequest {
  const text = { type: 'text', text: 'x'.repeat(characters) };
  return request({
    messages: [{ role: 'user', content: [text, ...content] }],
    ...(tools ? { tools: [tool] } : {}),
    ...(structured ? { response_schema: { type: 'object' } } : {}),
    ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  });
}

function decide(
  { regions, geographies, strategy, route, fallbackModels, weights, level, confidence, warm }: Configuration,
  one: Asked,
) {
  const affinity = createSessionAffinity({ clock: fakeClock() });
  const everywhere = directoryFor(['us-east-1', 'eu-central-1'], ['us', 'eu', 'global']);
  const router = routerWith({
    regions,
    ...(geographies ? { geographies } : {}),
    strategy,
    fallbackModels,
    modelWeights: Object.fromEntries(weights.map((name) => [name, 1])),
    taskRoutes: { code: route, reasoning: route, general: route },
    judged: { confidence, complexity: { score: 0.5, level } },
    // As if a model had answered this conversation before the operator forbade its region.
    affinity: {
      of: () => {
        const [target] = everywhere.targetsOf({
          model: catalogue.models.find(({ id }) => id === warm) as never,
        }).targets;
        return target && { target, cachedTokens: 5_000 };
      },
    },
  });
  expect(affinity.size()).toBe(0);
  try {
    return router.route(requestOf(one), { caller: { id: 'ada', tenant: 'ada' }, streaming: one.streaming });
  } catch (error) {
    expect(error).toMatchObject({ reason: 'no_candidate' });
    return undefined;
  }
}

describe('a filter', () => {
  const plain = catalogue.models.find(({ id }) => id === 'amazon.nova-pro-v1:0') as Model;
  const media = (...kinds: MediaKind[]) => ({ media: new Set(kinds) });
  const none = { ...media(), tools: false, structured: false, streaming: false };
  const demands: Demands = { ...none, inputTokens: 10, maxTokens: undefined };

  it.each<[string | undefined, Partial<Model>, Partial<Demands>]>([
    [undefined, {}, { ...media('image', 'document', 'video'), tools: true, structured: true, streaming: true }],
    ['takes no images', { input: ['text'] }, media('image')],
    ['takes no documents', { input: ['text'] }, media('document')],
    ['takes no video', { input: ['text'] }, media('video')],
    ['takes no audio', {}, media('image', 'audio')],
    ['cannot use tools', { tools: false }, { tools: true }],
    ['cannot be held to a schema', { tools: false }, { structured: true }],
    [undefined, { tools: false, strictTools: true }, { structured: true }],
    ['cannot stream', { converseStream: false }, { streaming: true }],
    ['cannot stream with tools', { streamingTools: false }, { streaming: true, tools: true }],
    [undefined, { streamingTools: false }, { streaming: true }],
    ['has no conversation interface', { converse: false }, {}],
    ['holds 1000 tokens', { contextWindow: 1_000 }, { inputTokens: 900 }],
  ])('says %s of %j for %j', (reason, model, demanded) => {
    const said = unfitReason({ ...plain, ...model }, { ...demands, ...demanded });
    if (reason === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(reason);
  });

  it('counts anew for every request of a router', () => {
    const taskRoutes = { code: ['qwen.qwen3-32b-v1:0'], reasoning: [], general: [] };
    const router = routerWith({ taskRoutes, judged: simple });
    const modelsFor = (characters: number) =>
      router
        .route(request({ task: 'code', prompt: 'x '.repeat(characters / 2) }))
        .candidates.map(({ target }) => target.model);
    expect(modelsFor(10)).toContain('qwen.qwen3-32b-v1:0');
    expect(modelsFor(200_000)).not.toContain('qwen.qwen3-32b-v1:0');
    expect(modelsFor(10)).toContain('qwen.qwen3-32b-v1:0');
  });
});

describe('no configuration and request', () => {
  it('gives a candidate or fallback that breaks a hard filter', () => {
    fc.assert(
      fc.property(configuration, asked, (setting, one) => {
        const decision = decide(setting, one);
        const { regions, geographies } = setting;
        const seen = directoryFor(regions, geographies);
        for (const { target } of decision?.candidates ?? []) {
          const model = catalogue.models.find(({ id }) => id === target.model);
          if (model === undefined) throw new Error(target.model);
          expect(regions).toContain(target.region);
          expect(seen.targetsOf({ model, ...(target.profile && { profile: target.profile }) }).targets).toContainEqual(
            target,
          );
          const geography = target.profile?.slice(0, -target.model.length - 1);
          if (geography !== undefined && geographies) expect(geographies).toContain(geography);
          if (!geographies) expect(geography).not.toBe('global');
          expect(mayBeCalled(target.region, geographies)).toBe(true);
          expect(model.lifecycle.status).not.toBe('EOL');
          for (const { type } of one.content) expect(model.input).toContain(type);
          if (one.tools) expect(model.tools).not.toBe(false);
          if (one.streaming) expect(model.converseStream).toBe(true);
          if (one.structured && decision?.requestedModel === undefined) {
            expect(model.tools !== false || model.strictTools === true).toBe(true);
          }
          const wanted = Math.min(one.max_tokens ?? 1, model.maxOutput ?? Number.POSITIVE_INFINITY);
          expect((decision?.inputTokens ?? 0) + wanted).toBeLessThanOrEqual(
            model.contextWindow ?? Number.POSITIVE_INFINITY,
          );
        }
      }),
      { numRuns: 100 },
    );
  });
});
