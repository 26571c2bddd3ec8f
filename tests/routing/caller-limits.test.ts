import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ServiceError } from '../../src/core/errors.js';
import type { BudgetOutlook } from '../../src/core/ports.js';
import { optimizeGoals, tasks } from '../../src/core/request.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { createSpendForecast } from '../../src/cost/spend-forecast.js';
import { fakeClock } from '../support/fake-clock.js';
import { catalogue, directoryFor, request, routerWith } from './routing-fixtures.js';

const haiku = 'anthropic.claude-haiku-4-5-20251001-v1:0';
const nova = 'amazon.nova-pro-v1:0';
const callable = catalogue.models
  .filter(({ kind, callable: can, endpoint }) => kind === 'chat' && can === true && endpoint === undefined)
  .map(({ id }) => id);
const limitedTo = (...allowedModels: string[]) => ({ caller: { id: 'ada', tenant: 'ada', allowedModels } });
const modelsOf = (decision: { candidates: readonly { target: { model: string } }[] }) => [
  ...new Set<string>(decision.candidates.map(({ target }) => target.model)),
];

describe('a caller limited to some models', () => {
  it('gets candidates among them only, even where no list of the server names them', () => {
    const router = routerWith();
    const decision = router.route(request({ task: 'code' }), limitedTo(haiku, 'nova-pro', 'no-such-model'));
    expect(modelsOf(decision).toSorted()).toEqual([nova, haiku]);
    const { reason } = decision.excluded.find(({ model }) => model === 'anthropic.claude-sonnet-5-5') ?? {};
    expect(reason).toBe('is not among the models that the caller may use');
    // What one caller may not use is no matter of the next one.
    expect(modelsOf(router.route(request({ task: 'code' })))).toContain('anthropic.claude-sonnet-5-5');
  });

  it('that names another one is refused, and told which it may name', () => {
    const refused = () => routerWith().route(request({ model: 'nova-pro' }), limitedTo(haiku));
    expect(refused).toThrow(ServiceError);
    expect(refused).toThrow(expect.objectContaining({ category: 'authorization', reason: 'model_not_allowed' }));
    expect(refused).toThrow(expect.objectContaining({ remedy: expect.stringContaining(haiku) }));
  });

  it('to none, or to none that fits, gets no candidate', () => {
    const none = expect.objectContaining({ reason: 'no_candidate' });
    expect(() => routerWith().route(request(), limitedTo())).toThrow(none);
    const image = { type: 'image', format: 'png', data: 'AAAA' };
    const asked = request({ messages: [{ role: 'user', content: [image] }] });
    expect(() => routerWith().route(asked, limitedTo('amazon.nova-micro-v1:0'))).toThrow(none);
  });

  it('never gets another one, whatever the configuration and the request', () => {
    const some = fc.uniqueArray(fc.constantFrom(...callable), { maxLength: 4 });
    const asked = fc.record({
      allowed: some,
      fallbackModels: some,
      route: some,
      weights: some,
      strategy: fc.constantFrom('balanced', 'task', 'cheapest', 'fastest', 'weighted'),
      optimize: fc.constantFrom(...optimizeGoals),
      task: fc.constantFrom(...tasks),
      model: fc.option(fc.constantFrom(...callable), { nil: undefined }),
      fallback: fc.boolean(),
    });
    fc.assert(
      fc.property(asked, ({ allowed, fallbackModels, route, weights, strategy, optimize, task, model, fallback }) => {
        const router = routerWith({
          strategy,
          fallbackModels,
          modelWeights: Object.fromEntries(weights.map((name) => [name, 1])),
          taskRoutes: { code: route, reasoning: route, general: route },
        });
        const fields = { optimize, task, fallback, ...(model && { model }) };
        try {
          for (const id of modelsOf(router.route(request(fields), limitedTo(...allowed))))
            expect(allowed).toContain(id);
        } catch (error) {
          expect(['no_candidate', 'model_not_allowed']).toContain((error as ServiceError).reason);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what can be paid for', () => {
  const prices = createPriceBook({ catalogue, clock: fakeClock() });
  const routerLeft = (left: number | undefined, heard: unknown[] = []) => {
    const outlook: BudgetOutlook = {
      affordable: (subject) => {
        heard.push(subject);
        return left;
      },
      strain: () => undefined,
    };
    const directory = directoryFor();
    return routerWith({ spend: createSpendForecast({ prices, directory, outlook, cachesForAnHour: false }) });
  };

  it('leaves out models whose worst case is above max_cost_usd, with the figures', () => {
    const router = routerLeft(undefined);
    const free = modelsOf(router.route(request({ task: 'code' })));
    const decision = router.route(request({ task: 'code', max_cost_usd: 0.01 }));
    expect(free).toContain('anthropic.claude-sonnet-5-5');
    expect(modelsOf(decision)).not.toContain('anthropic.claude-sonnet-5-5');
    expect(modelsOf(decision).length).toBeGreaterThan(0);
    const { reason } = decision.excluded.find(({ model }) => model === 'anthropic.claude-sonnet-5-5') ?? {};
    expect(reason).toMatch(/^could cost up to \$0\.05, max_cost_usd allows \$0\.01/);
  });

  it('leaves out what the budgets of the caller do not cover', () => {
    const heard: unknown[] = [];
    const context = { caller: { id: 'ada', tenant: 'ada', groups: ['research'] }, sessionId: 's1' };
    const decision = routerLeft(10_000_000, heard).route(request({ task: 'code' }), context);
    const { reason } = decision.excluded.find(({ model }) => model === 'anthropic.claude-sonnet-5-5') ?? {};
    expect(reason).toContain('the budgets leave $0.01');
    expect(heard[0]).toMatchObject({ caller: 'ada', session: 's1' });
  });

  it('is left to the budget to refuse when it is nothing at all', () => {
    const without = modelsOf(routerLeft(undefined).route(request({ task: 'code' })));
    expect(modelsOf(routerLeft(0).route(request({ task: 'code' })))).toEqual(without);
  });
});
