import { beforeEach, describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { AttemptSummary } from '../../src/core/events.js';
import type { Ledger } from '../../src/core/ledger.js';
import type { CallContext, Handler } from '../../src/core/pipeline.js';
import type { Logger, ModelDirectory } from '../../src/core/ports.js';
import type { RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage, type Usage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { type BudgetStageOptions, createBudgetStage } from '../../src/cost/budget-stage.js';
import type { BudgetStore } from '../../src/cost/budgets/budget-store.js';
import { createRetryingLedger } from '../../src/cost/ledgers/retrying-ledger.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { callContext } from '../support/call-context.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';
import { memoryLedger } from '../support/memory-ledger.js';
import { until } from '../support/until.js';
import { budget, memoryStore, type OpenedBudgets, openBudgets } from './budget-setup.js';
import { model } from './catalogue.js';

// $1 per million in, $10 per million out: 1,000 and 10,000 nano-dollars a token. Writing the cache costs 1.25 times.
const acme = model({ id: 'acme.one', provider: 'Acme Inc', price: { input: 1, output: 10, cacheWrite5m: 1.25 } });
const target = { model: modelId('acme.one'), region: region('us-east-1') };
const request: RoutedRequest = {
  messages: [{ role: 'user', content: 'x'.repeat(35) }],
  target,
  max_tokens: 100,
  tags: { team: 'blue' },
};
/** 10 + 4 input tokens at the cache-write price, 100 output tokens. */
const worst = 14 * 1_250 + 100 * 10_000;
const used: Usage = { ...noUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 };
const usedCost = 10 * 1_000 + 5 * 10_000;
const response: ModelResponse = {
  content: [{ type: 'text', text: 'hello' }],
  stopReason: 'end_turn',
  usage: used,
  served: target,
  source: 'bedrock',
  notices: [],
};

const attempt = (overrides: Partial<AttemptSummary> = {}): AttemptSummary => ({
  target,
  number: 1,
  outcome: 'succeeded',
  latencyMs: 20,
  usage: used,
  ...overrides,
});
const { usage: _, ...nothingUsed } = attempt({ outcome: 'failed' });
const record = (context: CallContext, summary: AttemptSummary) => context.record({ type: 'attempt-ended', ...summary });

describe('the budget stage', () => {
  let clock: FakeClock;
  let ledger: Ledger;
  let lines: { level: string; message: string; fields: unknown }[];
  let logger: Logger;
  let counters: BudgetStore;

  beforeEach(async () => {
    clock = fakeClock();
    ledger = memoryLedger(clock);
    counters = await memoryStore(clock);
    lines = [];
    const level = (name: string) => (message: string, fields?: unknown) => lines.push({ level: name, message, fields });
    logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  });

  const directory = { find: (id) => (id === acme.id ? acme : undefined) } as Partial<ModelDirectory> as ModelDirectory;
  type Overrides = Partial<BudgetStageOptions> & { raw?: Ledger; dailyLimit?: number; store?: BudgetStore };
  let budgets: OpenedBudgets;
  const stage = (next: Handler<RoutedRequest>, overrides: Overrides = {}) => {
    const { raw = ledger, dailyLimit, store = counters, ...rest } = overrides;
    const definitions = [budget(dailyLimit === undefined ? {} : { limit: dailyLimit })];
    budgets = openBudgets({ clock, truth: ledger, definitions, logger, store });
    const { keeper, throttle } = budgets;
    return createBudgetStage({
      keeper,
      throttle,
      ledger: createRetryingLedger({ ledger: raw, logger }),
      prices: createPriceBook({ catalogue: { models: [acme], as_of: 'today' }, clock }),
      directory,
      clock,
      holdGraceMs: 30_000,
      source: 'bedrock',
      ...rest,
    })(next);
  };
  const answering: Handler<RoutedRequest> = async (_request, context) => {
    record(context, attempt());
    return response;
  };
  const state = async () => {
    const [day] = await budgets.list.all();
    return { spent: day?.spent, reserved: day?.reserved };
  };
  const failureOf = async (work: Promise<unknown>): Promise<ServiceError> => {
    const error = await work.then(() => undefined).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ServiceError);
    return error as ServiceError;
  };

  it('holds the worst case while the model works and books what was used before the answer leaves', async () => {
    const context = callContext();
    let during: unknown;
    const answer = await stage(async (asked, inner) => {
      during = await state();
      return answering(asked, inner);
    })(request, context);
    expect(during).toEqual({ spent: 0, reserved: worst });
    expect(await state()).toEqual({ spent: usedCost, reserved: 0 });
    expect(answer).toEqual({ ...response, cost: { nanoUsd: usedCost, estimated: false } });
    expect(context.events).toEqual([
      { type: 'cost-reserved', target, amount: worst },
      { type: 'attempt-ended', ...attempt() },
      { type: 'cost-settled', target, cost: { nanoUsd: usedCost, estimated: false } },
    ]);
  });

  it('writes who, what and where into the row', async () => {
    await stage(answering)({ ...request, task: 'code' }, callContext());
    for (const [groupBy, key] of [
      ['provider', 'Acme Inc'],
      ['caller', 'tester'],
      ['task', 'code'],
      ['tag', 'team=blue'],
      ['model', 'acme.one'],
    ] as const) {
      expect(await ledger.spend({ fromMs: 0, toMs: 9e12, groupBy })).toMatchObject([{ key, calls: 1, cost: usedCost }]);
    }
  });

  it('books every attempt that used something, the failed ones too, and adds them up', async () => {
    const answer = await stage(async (asked, context) => {
      record(context, attempt({ number: 3, outcome: 'failed', usage: { ...used, estimated: true } }));
      record(context, { ...nothingUsed, number: 4 });
      record(context, attempt({ number: 5 }));
      return answering({ ...asked }, callContext());
    })(request, callContext());
    expect(answer.cost).toEqual({ nanoUsd: 2 * usedCost, estimated: true });
    expect(await ledger.spend({ fromMs: 0, toMs: 9e12 })).toMatchObject([{ calls: 1, cost: 2 * usedCost }]);
  });

  it('releases the hold of a failure that nobody bills', async () => {
    const context = callContext();
    const failing = stage(async (_request, inner) => {
      record(inner, nothingUsed);
      throw new ServiceError('network', 'no connection');
    });
    expect((await failureOf(failing(request, context))).category).toBe('network');
    expect(await state()).toEqual({ spent: 0, reserved: 0 });
    expect(context.events.at(-1)).toEqual({ type: 'cost-settled', target, cost: { nanoUsd: 0, estimated: false } });
  });

  it('books a failure that is billed, before the error leaves', async () => {
    const failing = stage(async (_request, inner) => {
      record(inner, attempt({ outcome: 'failed' }));
      throw new ServiceError('cancelled', 'gone');
    });
    expect((await failureOf(failing(request, callContext()))).category).toBe('cancelled');
    expect(await state()).toEqual({ spent: usedCost, reserved: 0 });
  });

  it('books an attempt that ends after its call', async () => {
    const context = callContext();
    let late: CallContext | undefined;
    const failing = stage(async (_request, inner) => {
      late = inner;
      throw new ServiceError('cancelled', 'gone');
    });
    await failureOf(failing(request, context));
    record(late as CallContext, attempt({ outcome: 'failed' }));
    await until(async () => (await state()).spent === usedCost);
    expect(await state()).toEqual({ spent: usedCost, reserved: 0 });
    expect(context.events.at(-1)).toMatchObject({ type: 'cost-settled', cost: { nanoUsd: usedCost } });
  });

  describe('max_cost_usd', () => {
    const neverCalled: Handler<RoutedRequest> = () => Promise.reject(new Error('was called'));

    it('refuses a call that could cost more, with the figures, and books nothing', async () => {
      const context = callContext();
      const error = await failureOf(stage(neverCalled)({ ...request, max_cost_usd: 0.001017 }, context));
      expect(error.category).toBe('budget_exceeded');
      expect(error.message).toBe('The call could cost up to $0.0010175; max_cost_usd allows $0.001017.');
      expect(context.events).toEqual([]);
      expect(await state()).toEqual({ spent: 0, reserved: 0 });
    });

    it('admits one that could cost exactly that', async () => {
      const answer = await stage(answering)({ ...request, max_cost_usd: worst / 1e9 }, callContext());
      expect(answer.cost?.nanoUsd).toBe(usedCost);
    });
  });

  it('does not call a model without a known price where the operator forbids it', async () => {
    const unknown = { ...request, target: { ...target, model: modelId('acme.other') } };
    const error = await failureOf(stage(answering, { unknownPrice: 'refuse' })(unknown, callContext()));
    expect(error).toMatchObject({ category: 'model_unavailable', message: 'The price of acme.other is not known.' });
    await expect(stage(answering, { unknownPrice: 'refuse' })(request, callContext())).resolves.toBeDefined();
  });

  describe('the daily limit', () => {
    it('refuses what does not fit, tells what is left and when it resets', async () => {
      await clock.advance(3_600_000);
      const limited = stage(answering, { dailyLimit: worst + usedCost - 1 });
      await limited(request, callContext());
      const error = await failureOf(limited(request, callContext({ requestId: 'request-2' })));
      expect(error).toMatchObject({ category: 'budget_exceeded', retryAfterMs: 23 * 3_600_000, target });
      expect(error.message).toContain('$0.001017499');
      expect(error.message).toContain('2026-11-24T00:00:00.000Z');
    });

    it('starts anew the next UTC day', async () => {
      const limited = stage(answering, { dailyLimit: worst });
      await limited(request, callContext());
      await failureOf(limited(request, callContext({ requestId: 'request-2' })));
      await clock.advance(24 * 3_600_000);
      await expect(limited(request, callContext({ requestId: 'request-3' }))).resolves.toBeDefined();
    });

    it('admits exactly ten of a hundred concurrent calls when ten fit', async () => {
      let upstream = 0;
      const limited = stage(
        async (asked, context) => {
          upstream += 1;
          await clock.sleep(1_000);
          return answering(asked, context);
        },
        { dailyLimit: 10 * worst },
      );
      const calls = Array.from({ length: 100 }, (_, index) =>
        limited(request, callContext({ requestId: `r-${index}` })),
      );
      const settled = Promise.allSettled(calls);
      let refused = 0;
      for (const call of calls) call.catch(() => (refused += 1));
      await until(() => upstream + refused === 100);
      expect(upstream).toBe(10);
      await clock.advance(1_000);
      expect((await settled).filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
      expect(await state()).toEqual({ spent: 10 * usedCost, reserved: 0 });
    });

    it.each([
      ['its deadline and the grace time', 60_000, 90_000],
      ['ten minutes, without a deadline, unless it is kept alive', Number.POSITIVE_INFINITY, 600_000],
    ])('a hold outlives its process until %s', async (_, deadlineMs, livesMs) => {
      const limited = stage(() => clock.sleep(1e9).then(() => response), { dailyLimit: worst });
      void limited(request, callContext({ deadlineMs }));
      await until(async () => (await state()).reserved === worst);
      await clock.advance(livesMs - 1);
      expect((await state()).reserved).toBe(worst);
      await clock.advance(1);
      expect((await state()).reserved).toBe(0);
    });
  });

  describe('with a broken ledger', () => {
    const broken = (): Promise<never> => Promise.reject(new ServiceError('internal', 'disk'));

    it('refuses a call whose limit cannot be checked, after a little patience', async () => {
      const work = failureOf(
        stage(answering, { store: { ...counters, hold: broken }, dailyLimit: worst })(request, callContext()),
      );
      for (const pauseMs of [100, 300, 900]) await clock.advance(pauseMs);
      expect(await work).toMatchObject({ category: 'budget_exceeded', reason: 'budget_unchecked', target });
    });

    it('goes on without a limit', async () => {
      const answer = await stage(answering, { store: { ...counters, hold: broken } })(request, callContext());
      expect(answer.cost?.nanoUsd).toBe(usedCost);
      expect(await state()).toEqual({ spent: usedCost, reserved: 0 });
    });

    it('gives the answer although it cannot be booked, and books it with the next one', async () => {
      let works = false;
      const flaky: Ledger = { ...ledger, settle: (id, rows) => (works ? ledger.settle(id, rows) : broken()) };
      const calls = stage(answering, { raw: flaky });
      expect((await calls(request, callContext({ requestId: 'a' }))).cost?.nanoUsd).toBe(usedCost);
      expect(await ledger.spend({ fromMs: 0, toMs: 9e12 })).toEqual([]);
      works = true;
      await calls(request, callContext({ requestId: 'b' }));
      await new Promise((resolve) => setImmediate(resolve));
      expect(await ledger.spend({ fromMs: 0, toMs: 9e12 })).toMatchObject([{ cost: 2 * usedCost }]);
    });
  });
});
