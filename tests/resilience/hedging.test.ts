import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { CallContext } from '../../src/core/pipeline.js';
import { modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { createHedge } from '../../src/resilience/hedging.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';

const target = { model: modelId('m'), region: region('us-east-1') };
const request: RoutedRequest = { ...modelRequest.parse({ prompt: 'hi' }), target, max_tokens: 10 };
const answerOf = (text: string): ModelResponse => ({
  content: [{ type: 'text', text }],
  stopReason: 'end_turn',
  usage: noUsage,
  served: target,
  source: 'bedrock',
  notices: [],
});

interface Started {
  readonly context: CallContext;
  readonly answer: (text: string) => void;
  readonly fail: () => void;
}

const parts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: 0 };
function setUp({ isKnown = true, cost = 1 } = {}) {
  const clock = fakeClock();
  const started: Started[] = [];
  const hedge = createHedge({
    clock,
    firstTokenTimes: { usualMs: () => (isKnown ? 100 : undefined) },
    prices: { costOf: () => ({ nanoUsd: cost, estimated: false, parts, priceVersion: 'list' }) },
    maxCost: 10,
  });
  const handler = hedge(
    (_, context) =>
      new Promise<ModelResponse>((resolve, reject) => {
        context.signal.addEventListener('abort', () => reject(new Error('aborted')));
        started.push({
          context,
          answer: (text) => resolve(answerOf(text)),
          fail: () => reject(new ServiceError('model_error', 'no')),
        });
      }),
  );
  const context = callContext();
  return { clock, started, context, ask: (own: CallContext = context) => handler(request, own) };
}

describe('hedging', () => {
  it('asks again when the first token is late; who begins first answers, the other is cancelled', async () => {
    const { clock, started, context, ask } = setUp();
    const asked = ask();
    await clock.advance(99);
    expect(started).toHaveLength(1);
    await clock.advance(1);
    expect(started).toHaveLength(2);
    expect(context.events).toEqual([{ type: 'hedge-started', target, afterMs: 100 }]);
    started[1]?.context.onFirstToken?.();
    await clock.advance(0);
    expect(started.map((one) => one.context.signal.aborted)).toEqual([true, false]);
    started[1]?.answer('second');
    await expect(asked).resolves.toEqual(answerOf('second'));
  });

  it('waits for the other when one fails, and fails only when both do', async () => {
    const one = setUp();
    const asked = one.ask();
    await one.clock.advance(100);
    one.started[1]?.fail();
    await one.clock.advance(0);
    one.started[0]?.answer('first');
    await expect(asked).resolves.toEqual(answerOf('first'));
    const both = setUp();
    const failing = expect(both.ask()).rejects.toMatchObject({ category: 'model_error' });
    await both.clock.advance(100);
    for (const started of both.started) started.fail();
    await failing;
  });

  it.each([
    ['when the usual time is not known', { isKnown: false }, {}],
    ['when it could cost too much', { cost: 11 }, {}],
    ['when text goes to the caller as it comes', {}, { onText: () => undefined }],
  ])('never asks again %s', async (_, options, overrides) => {
    const { clock, started, ask } = setUp(options);
    const asked = ask(callContext(overrides));
    await clock.advance(10_000);
    expect(started).toHaveLength(1);
    started[0]?.answer('only');
    await asked;
  });

  it('does not ask again once the answer has begun, nor after a quick failure', async () => {
    const { clock, started, ask } = setUp();
    const asked = ask();
    started[0]?.context.onFirstToken?.();
    await clock.advance(1_000);
    started[0]?.answer('long');
    await asked;
    const failing = expect(ask()).rejects.toMatchObject({ category: 'model_error' });
    started[1]?.fail();
    await failing;
    expect(started).toHaveLength(2);
  });

  it('asks again for a small share of calls only', async () => {
    const { clock, started, ask } = setUp();
    for (let call = 0; call < 100; call += 1) {
      const before = started.length;
      const asked = ask();
      await clock.advance(100);
      started[before]?.answer('x');
      await asked;
    }
    expect(started.length).toBeGreaterThan(103);
    expect(started.length).toBeLessThan(108);
  });

  it("ends both with the caller's cancel", async () => {
    const { clock, started, ask } = setUp();
    const controller = new AbortController();
    const asked = expect(ask(callContext({ signal: controller.signal }))).rejects.toBeDefined();
    await clock.advance(100);
    controller.abort();
    await asked;
    expect(started.map((one) => one.context.signal.aborted)).toEqual([true, true]);
  });
});
