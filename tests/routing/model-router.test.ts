import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ServiceError } from '../../src/core/errors.js';
import { optimizeGoals, tasks } from '../../src/core/request.js';
import { targetKey } from '../../src/core/target.js';
import { catalogue, healthWith, performanceOf, request, routerWith } from './routing-fixtures.js';

const modelsOf = (decision: { candidates: readonly { target: { model: string } }[] }) =>
  decision.candidates.map(({ target }) => target.model);
const providerOf = (model: string) => catalogue.models.find(({ id }) => id === model)?.provider;
const failure = (action: () => unknown): ServiceError => {
  try {
    action();
  } catch (error) {
    if (error instanceof ServiceError) return error;
  }
  throw new Error('did not fail');
};
const png = { type: 'image', format: 'png', data: 'AAAA' };
const tool = { name: 'look', description: 'Looks.', input_schema: { type: 'object' } };

describe('an unpinned request', () => {
  it.each([
    ['code', 'anthropic.claude-sonnet-5-5'],
    ['general', 'amazon.nova-2-lite-v1:0'],
    ['reasoning', 'anthropic.claude-opus-5-5'],
  ] as const)('for %s goes to %s', (task, model) => {
    const router = routerWith({ judged: { task, complexity: { score: 0.6, level: 'medium' } } });
    for (const optimize of ['quality', 'balanced'] as const) {
      const decision = router.route(request({ optimize }));
      expect(decision).toMatchObject({ task, optimize, maxTokens: 4_096 });
      expect(decision.requestedModel).toBeUndefined();
      expect(modelsOf(decision)[0]).toBe(model);
    }
  });

  it('ranks candidates from 1, each target once, and lets a later one come from another provider', () => {
    for (const task of tasks) {
      const { candidates } = routerWith({ regions: ['us-east-1', 'us-west-2'] }).route(request({ task }));
      expect(candidates.map(({ rank }) => rank)).toEqual(candidates.map((_, index) => index + 1));
      expect(new Set(candidates.map(({ target }) => targetKey(target))).size).toBe(candidates.length);
      expect(new Set(candidates.map(({ target }) => providerOf(target.model))).size).toBeGreaterThan(1);
    }
  });

  it('takes a cheaper model for a simple general request than for a hard one', () => {
    const price = (score: number, level: 'simple' | 'complex') =>
      routerWith({ judged: { complexity: { score, level } } }).route(request()).candidates[0]?.estimatedCost ?? 0;
    expect(price(0.1, 'simple')).toBeLessThan(price(0.9, 'complex'));
  });

  it('for cost takes the cheapest, and for a hard request not one that is too weak', () => {
    const costs = (level: 'simple' | 'complex') => {
      const judged = { task: 'code' as const, complexity: { score: 0.5, level } };
      return routerWith({ judged }).route(request({ optimize: 'cost' })).candidates;
    };
    const simple = costs('simple').map(({ estimatedCost }) => estimatedCost ?? 0);
    expect(simple).toEqual(simple.toSorted((left, right) => left - right));
    expect(simple[0]).toBeLessThan(costs('complex')[0]?.estimatedCost ?? 0);
  });

  it('for speed takes what was measured as fastest', () => {
    const performance = performanceOf({
      'amazon.nova-2-lite-v1:0': { calls: 9, errorRate: 0, latencyMs: 9_000 },
      'amazon.nova-lite-v1:0': { calls: 9, errorRate: 0, latencyMs: 300 },
    });
    const decision = routerWith({ performance }).route(request({ optimize: 'speed' }));
    expect(modelsOf(decision)[0]).toBe('amazon.nova-lite-v1:0');
    expect(decision.candidates[0]?.expectedLatencyMs).toBe(300);
  });

  it('avoids a model that keeps failing', () => {
    const performance = performanceOf({ 'anthropic.claude-sonnet-5-5': { calls: 9, errorRate: 0.9, latencyMs: 900 } });
    for (const optimize of optimizeGoals) {
      expect(modelsOf(routerWith({ performance }).route(request({ task: 'code', optimize })))[0]).not.toBe(
        'anthropic.claude-sonnet-5-5',
      );
    }
  });

  it('puts a target with an open breaker last', () => {
    const health = healthWith(['anthropic.claude-sonnet-5-5']);
    const { candidates } = routerWith({ health }).route(request({ task: 'code', optimize: 'quality' }));
    expect(candidates[0]?.target.model).toBe('anthropic.claude-sonnet-4-6');
    expect(candidates.at(-1)).toMatchObject({ healthy: false, target: { model: 'anthropic.claude-sonnet-5-5' } });
  });

  it('goes to the all-rounder or the default model when it is not clear what it is about', () => {
    const judged = { confidence: 0.4, complexity: { score: 0.6, level: 'medium' as const } };
    expect(modelsOf(routerWith({ judged }).route(request()))[0]).toBe('anthropic.claude-sonnet-5-5');
    const withDefault = routerWith({ judged, defaultModel: 'mistral-large' });
    expect(modelsOf(withDefault.route(request()))[0]).toBe('mistral.mistral-large-3-675b-instruct');
  });

  it("offers the operator's fallback models next after the chosen one, in their order", () => {
    const models = modelsOf(
      routerWith({ fallbackModels: ['grok', 'nova-micro'] }).route(request({ optimize: 'quality', task: 'code' })),
    );
    expect(models.slice(1, 3)).toEqual(['xai.grok-4.7', 'amazon.nova-micro-v1:0']);
  });

  it('tells of names in the settings that stand for nothing, and works on', () => {
    const decision = routerWith({ fallbackModels: ['no-such-model'] }).route(request());
    expect(decision.excluded).toContainEqual({ model: 'no-such-model', reason: 'No model is called "no-such-model".' });
  });

  it('without fallback offers the chosen model only, in each region', () => {
    const router = routerWith({ regions: ['us-east-1', 'us-west-2'] });
    const decision = router.route(request({ task: 'code', fallback: false }));
    expect(decision.candidates.map(({ target }) => target.region)).toEqual(['us-east-1', 'us-west-2']);
    expect(new Set(modelsOf(decision)).size).toBe(1);
  });
});

describe('a pinned request', () => {
  it('tries the model asked for first, then the models of the task', () => {
    const decision = routerWith().route(request({ model: 'nova-micro', task: 'code' }));
    expect(decision.requestedModel).toBe('nova-micro');
    expect(modelsOf(decision)[0]).toBe('amazon.nova-micro-v1:0');
    expect(modelsOf(decision)).toContain('anthropic.claude-sonnet-5-5');
  });

  it('has only that model without fallback', () => {
    const decision = routerWith().route(request({ model: 'nova-micro', fallback: false }));
    expect(modelsOf(decision)).toEqual(['amazon.nova-micro-v1:0']);
  });

  it('says which successor answers', () => {
    const decision = routerWith().route(request({ model: 'Titan Text Express v1' }));
    expect(modelsOf(decision)[0]).toBe('amazon.nova-micro-v1:0');
    expect(decision.notices).toEqual([
      'amazon.titan-text-express-v1 was retired on 2025-08-15; its successor amazon.nova-micro-v1:0 answers.',
    ]);
  });

  it('is answered by another model, which is said, when its own cannot', () => {
    const messages = [{ role: 'user', content: [png] }];
    const decision = routerWith().route(request({ model: 'nova-micro', messages }));
    expect(decision.notices[0]).toContain('amazon.nova-micro-v1:0 was not asked (takes no images)');
    expect(modelsOf(decision)).not.toContain('amazon.nova-micro-v1:0');
  });

  it('is refused when its model is unknown', () => {
    expect(failure(() => routerWith().route(request({ model: 'nvoa' })))).toMatchObject({ category: 'validation' });
  });

  it('counts `auto` as not pinned', () => {
    expect(routerWith().route(request({ model: 'auto' })).requestedModel).toBeUndefined();
  });
});

describe('the hard filters', () => {
  it.each([
    ['takes no images', 'nova-micro', { messages: [{ role: 'user', content: [png] }] }],
    [
      'takes no documents',
      'nova-micro',
      { messages: [{ role: 'user', content: [{ type: 'document', format: 'pdf', name: 'a', data: 'AAAA' }] }] },
    ],
    ['cannot use tools', 'deepseek-r1', { prompt: 'x', tools: [tool] }],
    ['holds 128000 tokens', 'nova-micro', { prompt: 'word '.repeat(120_000) }],
    ['BEDROCK_ALLOWED_GEOGRAPHIES', 'global.anthropic.claude-sonnet-5-5', { prompt: 'x' }],
  ])('tell that a model %s', (reason, model, fields) => {
    const error = failure(() => routerWith().route(request({ ...fields, model, fallback: false })));
    expect([error.category, error.reason]).toEqual(['model_unavailable', 'no_candidate']);
    expect(error.message).toContain(reason);
  });

  it('tell each reason once', () => {
    const error = failure(() => routerWith({ geographies: ['eu'] }).route(request()));
    expect(error.message).toContain('amazon.nova-2-lite-v1:0 (and 4 more): No configured region');
    expect(error.message.match(/AWS_BEDROCK_REGION/g)).toHaveLength(1);
  });

  it.each([
    [{ prompt: 'x' }, 4_096],
    [{ prompt: 'x', max_tokens: 77 }, 77],
    [{ prompt: 'x', max_tokens: 50_000 }, 10_000],
  ])('limit the answer of Nova Micro for %j to %d tokens', (fields, limit) => {
    expect(routerWith().route(request({ ...fields, model: 'nova-micro' })).maxTokens).toBe(limit);
  });

  it('let the default limit shrink so that a long prompt still fits', () => {
    const decision = routerWith().route(request({ model: 'voxtral-mini-3b-2507', prompt: 'abc '.repeat(26_500) }));
    expect(decision.maxTokens).toBeLessThan(4_096);
    expect(decision.inputTokens + decision.maxTokens).toBeLessThanOrEqual(32_768);
  });

  it('hold for every request and configuration', () => {
    const regionNames = [...catalogue.regions.commercial, ...catalogue.regions.govcloud];
    const setting = fc.record({
      regions: fc.uniqueArray(fc.constantFrom(...regionNames), { minLength: 1, maxLength: 3 }),
      geographies: fc.option(fc.subarray(['us', 'eu', 'apac', 'jp', 'us-gov', 'global']), { nil: undefined }),
      optimize: fc.constantFrom(...optimizeGoals),
      task: fc.constantFrom(...tasks),
      model: fc.constantFrom(undefined, 'claude', 'nova-micro', 'titan', 'us.amazon.nova-pro-v1:0'),
      content: fc.subarray([png, { type: 'document', format: 'pdf', name: 'a', data: 'AAAA' }]),
      tools: fc.boolean(),
      characters: fc.constantFrom(1, 10_000, 600_000, 4_000_000),
    });
    fc.assert(
      fc.property(setting, ({ regions, geographies, content, tools, characters, ...fields }) => {
        const text = { type: 'text', text: 'x'.repeat(characters) };
        const asked = request({
          messages: [{ role: 'user', content: [text, ...content] }],
          ...(tools ? { tools: [tool] } : {}),
          ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
        });
        let decision: ReturnType<ReturnType<typeof routerWith>['route']>;
        try {
          decision = routerWith({ regions, ...(geographies ? { geographies } : {}) }).route(asked);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'no_candidate' });
          return;
        }
        for (const { target } of decision.candidates) {
          const model = catalogue.models.find(({ id }) => id === target.model);
          expect(regions).toContain(target.region);
          const geography = target.profile?.slice(0, -target.model.length - 1);
          if (geography !== undefined && geographies) expect(geographies).toContain(geography);
          if (!geographies) expect(geography).not.toBe('global');
          for (const { type } of content) expect(model?.input).toContain(type);
          if (tools) expect(model?.tools).not.toBe(false);
          expect(decision.inputTokens).toBeLessThan(model?.contextWindow ?? 0);
        }
      }),
      { numRuns: 60 },
    );
  });
});
