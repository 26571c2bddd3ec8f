import { afterEach, describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { Ledger } from '../../src/core/ledger.js';
import { attemptBudget, type CallContext, type Handler } from '../../src/core/pipeline.js';
import { modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage, type Usage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { createBudgetStage } from '../../src/cost/budget-stage.js';
import { createRetryingLedger } from '../../src/cost/ledgers/retrying-ledger.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { createTargetAdmission } from '../../src/resilience/admission.js';
import { createCircuitBreakers } from '../../src/resilience/circuit-breakers.js';
import { createResilienceStage } from '../../src/resilience/resilience-stage.js';
import { createRetryBudget } from '../../src/resilience/retry-budget.js';
import { callContext } from '../support/call-context.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';
import { memoryLedger } from '../support/memory-ledger.js';
import { budget, memoryStore, openBudgets } from './budget-setup.js';
import { model } from './catalogue.js';

/* Budget and resilience together: retries and hedges are billed each, and none is sent that the hold does not cover. */

const acme = model({ id: 'acme.one', provider: 'Acme', price: { input: 1, output: 10, cacheWrite5m: 1.25 } });
const target = { model: modelId('acme.one'), region: region('us-east-1') };
const request: RoutedRequest = { ...modelRequest.parse({ prompt: 'x'.repeat(35) }), target, max_tokens: 100 };
const worst = 14 * 1_250 + 100 * 10_000;
const used: Usage = { ...noUsage, inputTokens: 10, outputTokens: 100, totalTokens: 110 };
const usedCost = 10 * 1_000 + 100 * 10_000;
const answer: ModelResponse = {
  content: [{ type: 'text', text: 'hi' }],
  stopReason: 'end_turn',
  usage: used,
  served: target,
  source: 'bedrock',
  notices: [],
};
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };
const billedFailure = () => new ServiceError('model_error', 'broke off', { usage: used });

let ledger: Ledger | undefined;
afterEach(() => ledger?.close());

async function setUp(client: Handler<RoutedRequest>, dailyLimit?: number) {
  const clock = fakeClock({ autoAdvance: true });
  const opened = memoryLedger(clock);
  ledger = opened;
  const options = { clock, onServerEvent: silent };
  const resilience = createResilienceStage({
    breakers: createCircuitBreakers(options),
    admission: createTargetAdmission({ ...options, maxConcurrentPerTarget: 10 }),
    retryBudget: createRetryBudget(),
    clock,
    random: fakeRandom(),
  });
  const definitions = [budget(dailyLimit === undefined ? {} : { limit: dailyLimit })];
  const budgets = openBudgets({ clock, truth: opened, definitions, store: await memoryStore(clock) });
  const stage = createBudgetStage({
    keeper: budgets.keeper,
    throttle: budgets.throttle,
    ledger: createRetryingLedger({ ledger: opened, logger }),
    prices: createPriceBook({ catalogue: { models: [acme], as_of: 'today' }, clock }),
    directory: { find: () => acme },
    clock,
    holdGraceMs: 60_000,
    source: 'bedrock',
  });
  const state = async () => {
    const [day] = await budgets.list.all();
    return { spent: day?.spent ?? 0, reserved: day?.reserved ?? 0 };
  };
  return { handle: stage(resilience(client)), state };
}

/** Fails so often, each time billed, then answers. */
function failing(times: number, during: () => Promise<unknown> = async () => undefined) {
  let sent = 0;
  const client: Handler<RoutedRequest> = async () => {
    await during();
    sent += 1;
    if (sent <= times) throw billedFailure();
    return answer;
  };
  return { client, sent: () => sent };
}

describe('attempts of one hold', () => {
  it('holds one worst case for each attempt and books each when it ends', async () => {
    const seen: unknown[] = [];
    const upstream = failing(2, async () => seen.push(await state()));
    const { handle, state } = await setUp(upstream.client);
    expect((await handle(request, callContext())).cost?.nanoUsd).toBe(3 * usedCost);
    expect(seen).toEqual([0, 1, 2].map((billed) => ({ spent: billed * usedCost, reserved: worst })));
    expect(await state()).toEqual({ spent: 3 * usedCost, reserved: 0 });
  });

  it('sets nothing more aside for a retry of what nobody bills', async () => {
    let sent = 0;
    const { handle, state } = await setUp(async () => {
      sent += 1;
      expect((await state()).reserved).toBe(worst);
      if (sent < 3) throw new ServiceError('model_error', 'unavailable');
      return answer;
    });
    await handle(request, callContext());
    expect(sent).toBe(3);
  });

  it('sends no retry that the budget does not cover: the failure itself is the answer', async () => {
    const upstream = failing(5);
    const { handle, state } = await setUp(upstream.client, worst + usedCost - 1);
    await expect(handle(request, callContext())).rejects.toMatchObject({ category: 'model_error' });
    expect(upstream.sent()).toBe(1);
    expect(await state()).toEqual({ spent: usedCost, reserved: 0 });
  });

  it('counts all attempts of a call against max_cost_usd, those at earlier candidates too', async () => {
    const limited = { ...request, max_cost_usd: (2 * worst) / 1e9 };
    const upstream = failing(10);
    const { handle } = await setUp(upstream.client);
    const attempts = attemptBudget(10);
    await expect(handle(limited, callContext({ attempts }))).rejects.toMatchObject({ category: 'model_error' });
    expect(upstream.sent()).toBe(2);
    await expect(handle(limited, callContext({ attempts }))).rejects.toMatchObject({ category: 'budget_exceeded' });
    expect(upstream.sent()).toBe(2);
    await expect(handle(limited, callContext())).rejects.toMatchObject({ category: 'model_error' });
  });

  it('covers two attempts at once, as a hedge sends them', async () => {
    const seen: number[] = [];
    const { state, handle } = await setUp(async (_request, context: CallContext) => {
      if (seen.length === 0) {
        seen.push((await state()).reserved);
        await context.coverAttempt?.();
        seen.push((await state()).reserved);
      }
      return answer;
    });
    await handle(request, callContext());
    expect(seen).toEqual([worst, 2 * worst]);
    expect((await state()).reserved).toBe(0);
  });
});
