import { describe, expect, it } from '@jest/globals';
import {
  type ErrorCategory,
  type ErrorReason,
  errorCategories,
  errorPolicies,
  ServiceError,
} from '../../src/core/errors.js';
import type { RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { targetKey } from '../../src/core/target.js';
import { createRouteStage } from '../../src/routing/route-stage.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';
import { directoryFor, request, routerWith } from './routing-fixtures.js';

type Answer = ErrorCategory | ServiceError | 'ok';

function stageWith(
  answers: readonly Answer[],
  { regions = ['us-east-1'], maxAttempts = 5, clock = fakeClock(), stepMs = 0 } = {},
) {
  const asked: RoutedRequest[] = [];
  const stage = createRouteStage({
    router: routerWith({ regions, optimize: 'quality' }),
    directory: directoryFor(regions),
    clock,
    maxAttempts,
  });
  const handler = stage(async (routed): Promise<ModelResponse> => {
    const answer = answers[asked.length] ?? 'ok';
    asked.push(routed);
    await clock.advance(stepMs);
    if (answer instanceof ServiceError) throw answer;
    if (answer !== 'ok') throw new ServiceError(answer, `it was ${answer}`, { target: routed.target });
    return {
      content: [],
      stopReason: 'end_turn',
      usage: noUsage,
      served: routed.target,
      source: 'bedrock',
      notices: ['own'],
    };
  });
  return { handler, asked, keys: () => asked.map(({ target }) => targetKey(target)) };
}

const withReason = (category: ErrorCategory, reason: ErrorReason) => new ServiceError(category, 'no', { reason });
const failureOf = async (promise: Promise<unknown>): Promise<ServiceError> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ServiceError) return error;
  }
  throw new Error('did not fail');
};

describe('the route stage', () => {
  it('asks the first candidate and tells of the decision', async () => {
    const { handler, asked } = stageWith(['ok']);
    const context = callContext();
    const response = await handler(request({ task: 'code' }), context);
    expect(context.events.map(({ type }) => type)).toEqual(['route-decided']);
    expect(asked[0]).toMatchObject({ max_tokens: 4_096, target: { model: 'anthropic.claude-sonnet-5-5' } });
    expect(response.notices).toEqual(['own']);
  });

  it.each(errorCategories)('after %s moves on exactly if the policy says so', async (category) => {
    const { handler, asked } = stageWith([category]);
    const context = callContext();
    const moves = errorPolicies[category].failover;
    if (!moves) {
      expect((await failureOf(handler(request({ task: 'reasoning' }), context))).category).toBe(category);
      expect(asked).toHaveLength(1);
      return;
    }
    const response = await handler(request({ task: 'reasoning' }), context);
    expect(asked).toHaveLength(2);
    expect(context.events[1]).toMatchObject({
      type: 'fallback-chosen',
      category,
      from: asked[0]?.target,
      to: asked[1]?.target,
    });
    expect(response.notices[0]).toContain(`anthropic.claude-opus-5-5 in us-east-1 failed (${category})`);
  });

  it.each([
    ['rate_limit', 'us.anthropic.claude-sonnet-5-5@us-west-2'],
    ['network', 'us.anthropic.claude-sonnet-5-5@us-west-2'],
    ['timeout', 'us.anthropic.claude-sonnet-4-6@us-east-1'],
    ['model_error', 'us.anthropic.claude-sonnet-4-6@us-east-1'],
    ['authorization', 'qwen.qwen3-coder-480b-a35b-v1:0@us-east-1'],
  ] as const)('after %s goes to another failure domain', async (category, following) => {
    const { handler, keys } = stageWith([category], { regions: ['us-east-1', 'us-west-2'] });
    await handler(request({ task: 'code' }), callContext());
    expect(keys()).toEqual(['us.anthropic.claude-sonnet-5-5@us-east-1', following]);
  });

  it('after a prompt that is too long goes only to a larger window', async () => {
    const { handler, keys } = stageWith([withReason('validation', 'input_too_long')]);
    await handler(request({ model: 'qwen-coder', task: 'code' }), callContext());
    expect(keys()[1]).toContain('claude');
    const none = stageWith([withReason('validation', 'input_too_long')]);
    await failureOf(none.handler(request({ task: 'code' }), callContext()));
    expect(none.asked).toHaveLength(1);
  });

  it('after a spent budget goes only to a cheaper model', async () => {
    const { handler, keys } = stageWith(['budget_exceeded']);
    await handler(request({ model: 'nova-lite' }), callContext());
    expect(keys()[1]).toContain('nova-micro');
  });

  it('does not move on without fallback, nor after text was handed on', async () => {
    const pinned = stageWith(['model_error']);
    await failureOf(pinned.handler(request({ fallback: false }), callContext()));
    expect(pinned.asked).toHaveLength(1);
    const handedOn = new ServiceError('network', 'cut', { textHandedOn: true });
    const streamed = stageWith(['model_error', handedOn]);
    expect(await failureOf(streamed.handler(request(), callContext()))).toBe(handedOn);
    expect(streamed.asked).toHaveLength(2);
  });

  it('tries so many candidates and no more', async () => {
    const { handler, asked } = stageWith(['timeout', 'timeout', 'timeout'], { maxAttempts: 2 });
    await failureOf(handler(request(), callContext()));
    expect(asked).toHaveLength(2);
  });

  it("ends at the deadline and at the caller's cancel", async () => {
    const late = stageWith(['timeout'], { stepMs: 100 });
    await failureOf(late.handler(request(), callContext({ deadlineMs: 50 })));
    expect(late.asked).toHaveLength(1);
    const cancelled = stageWith(['ok']);
    const error = await failureOf(cancelled.handler(request(), callContext({ signal: AbortSignal.abort() })));
    expect([error.category, cancelled.asked.length]).toEqual(['cancelled', 0]);
  });

  it('throws what tells most, with the shortest wait', async () => {
    const limited = (retryAfterMs: number) => new ServiceError('rate_limit', 'slow down', { retryAfterMs });
    const { handler } = stageWith([limited(900), 'authorization', limited(300), 'timeout'], { maxAttempts: 4 });
    expect(await failureOf(handler(request(), callContext()))).toMatchObject({
      category: 'authorization',
      retryAfterMs: 300,
    });
    const all = stageWith([limited(300), limited(900)], { maxAttempts: 2 });
    expect(await failureOf(all.handler(request(), callContext()))).toMatchObject({
      category: 'rate_limit',
      retryAfterMs: 300,
    });
  });

  it('takes an unknown throw for a failure of this server', async () => {
    const stage = createRouteStage({
      router: routerWith(),
      directory: directoryFor(),
      clock: fakeClock(),
      maxAttempts: 3,
    });
    const error = await failureOf(stage(() => Promise.reject(new TypeError('x')))(request(), callContext()));
    expect(error.category).toBe('internal');
  });

  it('lowers max_tokens to what each model can write, and says so of the one that answered', async () => {
    const { handler, asked } = stageWith(['timeout']);
    const response = await handler(request({ model: 'nova-micro', task: 'code', max_tokens: 20_000 }), callContext());
    expect(asked.map((routed) => routed.max_tokens)).toEqual([10_000, 20_000]);
    expect(response.notices).toHaveLength(2);
    const direct = stageWith(['ok']);
    const answer = await direct.handler(request({ model: 'nova-micro', max_tokens: 20_000 }), callContext());
    expect(answer.notices[0]).toContain('max_tokens was lowered to 10000');
  });
});
