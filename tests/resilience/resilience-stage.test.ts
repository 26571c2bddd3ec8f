import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../src/core/clock.js';
import { type ErrorCategory, ServiceError, type ServiceErrorOptions } from '../../src/core/errors.js';
import { attemptBudget, type CallContext } from '../../src/core/pipeline.js';
import { modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region, type Target } from '../../src/core/target.js';
import { createTargetAdmission } from '../../src/resilience/admission.js';
import { createCircuitBreakers } from '../../src/resilience/circuit-breakers.js';
import { createResilienceStage } from '../../src/resilience/resilience-stage.js';
import { createRetryBudget } from '../../src/resilience/retry-budget.js';
import { callContext } from '../support/call-context.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';

const target: Target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const request: RoutedRequest = { ...modelRequest.parse({ prompt: 'hello' }), target, max_tokens: 10 };
const usage = { ...noUsage, inputTokens: 3, totalTokens: 3, estimated: true };
const answer: ModelResponse = {
  content: [{ type: 'text', text: 'hi' }],
  stopReason: 'end_turn',
  usage,
  served: target,
  source: 'bedrock',
  timeToFirstTokenMs: 7,
  notices: [],
};

const admissionOf = (clock: Clock) =>
  createTargetAdmission({ clock, onServerEvent: () => undefined, maxConcurrentPerTarget: 10 });

type Step = ModelResponse | ServiceError;
const failure = (category: ErrorCategory, options?: ServiceErrorOptions) => new ServiceError(category, 'x', options);

function setUp(steps: readonly Step[], overrides: Partial<CallContext> = {}) {
  const clock = fakeClock({ autoAdvance: true });
  const breakers = createCircuitBreakers({ clock, onServerEvent: () => undefined, volumeThreshold: 3 });
  let calls = 0;
  const stage = createResilienceStage({
    breakers,
    admission: admissionOf(clock),
    retryBudget: createRetryBudget(),
    clock,
    random: fakeRandom(),
  });
  const handle = stage(async () => {
    const step = steps[Math.min(calls, steps.length - 1)] as Step;
    calls += 1;
    if (step instanceof ServiceError) throw step;
    return step;
  });
  const context = callContext(overrides);
  return { clock, breakers, context, run: () => handle(request, context), calls: () => calls };
}

describe('resilience stage', () => {
  it('records each attempt with its usage and outcome, and retries what the policy lets retry', async () => {
    const { run, context, clock } = setUp([failure('network', { usage }), answer]);
    await expect(run()).resolves.toBe(answer);
    expect(context.events.map((event) => event.type)).toEqual([
      'attempt-started',
      'attempt-ended',
      'retry-scheduled',
      'attempt-started',
      'attempt-ended',
    ]);
    expect(context.events[1]).toMatchObject({ number: 1, outcome: 'failed', failure: { category: 'network' }, usage });
    expect(context.events[4]).toMatchObject({ number: 2, outcome: 'succeeded', usage, timeToFirstTokenMs: 7 });
    expect(clock.sleeps).toHaveLength(1);
  });

  it.each(['validation', 'authorization', 'timeout', 'quota', 'content_filtered', 'budget_exceeded'] as const)(
    'does not ask the same target again after %s',
    async (category) => {
      const { run, calls } = setUp([failure(category)]);
      await expect(run()).rejects.toMatchObject({ category });
      expect(calls()).toBe(1);
    },
  );

  it('gives up after two retries, and does not sleep after the last', async () => {
    const { run, calls, clock } = setUp([failure('model_error')]);
    await expect(run()).rejects.toMatchObject({ category: 'model_error' });
    expect(calls()).toBe(3);
    expect(clock.sleeps).toHaveLength(2);
  });

  it('asks a target that only fails no more than its retry budget allows', async () => {
    const clock = fakeClock({ autoAdvance: true });
    const breakers = createCircuitBreakers({ clock, onServerEvent: () => undefined, volumeThreshold: 1_000 });
    const retryBudget = createRetryBudget({ capacity: 10 });
    const stage = createResilienceStage({
      breakers,
      admission: admissionOf(clock),
      retryBudget,
      clock,
      random: fakeRandom(),
    });
    let calls = 0;
    const handle = stage(() => {
      calls += 1;
      return Promise.reject(failure('model_error'));
    });
    for (let count = 0; count < 100; count += 1) await handle(request, callContext()).catch(() => undefined);
    expect(calls).toBe(105);
    for (let count = 0; count < 100; count += 1) {
      await handle(request, callContext({ lastResort: true })).catch(() => undefined);
    }
    expect(calls).toBe(210);
  });

  it('waits at least as long as the service asks', async () => {
    const { run, clock } = setUp([failure('rate_limit', { retryAfterMs: 2_000 }), answer]);
    await run();
    expect(clock.sleeps[0]).toBeGreaterThanOrEqual(2_000);
  });

  it.each([
    { why: 'the service asks for a minute', retryAfterMs: 60_000, deadlineMs: Number.POSITIVE_INFINITY },
    { why: 'the deadline would pass while waiting', retryAfterMs: 2_000, deadlineMs: 1_500 },
  ])('gives up at once when $why', async ({ retryAfterMs, deadlineMs }) => {
    const { run, calls, clock } = setUp([failure('rate_limit', { retryAfterMs })], { deadlineMs });
    await expect(run()).rejects.toMatchObject({ category: 'rate_limit', retryAfterMs });
    expect(calls()).toBe(1);
    expect(clock.sleeps).toEqual([]);
  });

  it('never retries after text went to the caller', async () => {
    const { run, calls } = setUp([failure('model_error', { textHandedOn: true })]);
    await expect(run()).rejects.toMatchObject({ textHandedOn: true });
    expect(calls()).toBe(1);
  });

  it('stops when the attempts of the whole call are used up', async () => {
    const attempts = attemptBudget(2);
    const { run, calls } = setUp([failure('network')], { attempts });
    await expect(run()).rejects.toMatchObject({ category: 'network' });
    expect(calls()).toBe(2);
    await expect(run()).rejects.toMatchObject({ category: 'model_unavailable' });
    expect(calls()).toBe(2);
  });

  it('ends the wait between attempts when the caller cancels', async () => {
    const controller = new AbortController();
    const clock = fakeClock();
    const breakers = createCircuitBreakers({ clock, onServerEvent: () => undefined });
    const stage = createResilienceStage({
      breakers,
      admission: admissionOf(clock),
      retryBudget: createRetryBudget(),
      clock,
      random: { next: () => 0.9, id: () => '' },
    });
    const running = stage(() => Promise.reject(failure('network')))(
      request,
      callContext({ signal: controller.signal }),
    );
    const ended = expect(running).rejects.toMatchObject({ category: 'cancelled' });
    await clock.advance(0);
    controller.abort();
    await ended;
  });

  it('calls an open target no more and says when to come back', async () => {
    const { run, calls, breakers } = setUp([failure('model_error')]);
    await expect(run()).rejects.toMatchObject({ category: 'model_error' });
    expect(breakers.stateOf(target).state).toBe('open');
    await expect(run()).rejects.toMatchObject({ category: 'model_unavailable', reason: 'breaker_open' });
    expect(calls()).toBe(3);
    breakers.close();
  });

  it('is refused by a full target without an attempt, and waits for it when nothing else is left', async () => {
    const clock = fakeClock();
    const breakers = createCircuitBreakers({ clock, onServerEvent: () => undefined });
    const admission = createTargetAdmission({ clock, onServerEvent: () => undefined, maxConcurrentPerTarget: 1 });
    const stage = createResilienceStage({
      breakers,
      admission,
      retryBudget: createRetryBudget(),
      clock,
      random: fakeRandom(),
    });
    let finish: (() => void) | undefined;
    const handle = stage(
      () =>
        new Promise<ModelResponse>((resolve) => {
          finish = () => resolve(answer);
        }),
    );
    const first = handle(request, callContext());
    await clock.advance(0);
    const refused = callContext({ attempts: attemptBudget(1) });
    const ended = expect(handle(request, refused)).rejects.toMatchObject({
      category: 'rate_limit',
      reason: 'overloaded',
    });
    const patient = handle(request, callContext({ lastResort: true }));
    await clock.advance(1_000);
    await ended;
    expect(refused.attempts.take()).toBe(1);
    finish?.();
    await first;
    await clock.advance(0);
    finish?.();
    await expect(patient).resolves.toBe(answer);
  });

  it('does not let a caller in a hurry open the breaker', async () => {
    const { run, breakers } = setUp([failure('timeout', { reason: 'deadline' })]);
    for (let count = 0; count < 50; count += 1) await run().catch(() => undefined);
    expect(breakers.stateOf(target).state).toBe('closed');
  });

  it('turns a foreign error into an internal one without retrying it', async () => {
    const { breakers, clock, context } = setUp([answer]);
    const stage = createResilienceStage({
      breakers,
      admission: admissionOf(clock),
      retryBudget: createRetryBudget(),
      clock,
      random: fakeRandom(),
    });
    const running = stage(() => Promise.reject(new TypeError('secret detail')))(request, context);
    await expect(running).rejects.toMatchObject({ category: 'internal', message: 'The server failed on this call.' });
  });

  it('gives the quota of what was never sent back', async () => {
    const clock = fakeClock({ autoAdvance: true });
    const options = { clock, onServerEvent: () => undefined };
    const breakers = createCircuitBreakers(options);
    const quotaOf = () => ({ requestsPerMinute: 2 });
    const admission = createTargetAdmission({ ...options, maxConcurrentPerTarget: 10, quotaOf });
    const stage = createResilienceStage({
      breakers,
      admission,
      retryBudget: createRetryBudget(),
      clock,
      random: fakeRandom(),
    });
    const handle = stage(async () => answer);
    const deadlineMs = clock.monotonicMs() + 5_000;
    const refused = { coverAttempt: () => Promise.reject(failure('budget_exceeded')) };
    const usedUp = { attempts: attemptBudget(0) };
    for (const overrides of [refused, refused, usedUp, usedUp]) {
      await expect(handle(request, callContext({ deadlineMs, ...overrides }))).rejects.toThrow('');
    }
    for (let call = 0; call < 2; call += 1) {
      await expect(handle(request, callContext({ deadlineMs, lastResort: true }))).resolves.toBe(answer);
    }
    await expect(handle(request, callContext({ deadlineMs }))).rejects.toMatchObject({ reason: 'overloaded' });
  });
});
