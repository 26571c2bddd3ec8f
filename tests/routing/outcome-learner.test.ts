import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import type { CallEvent } from '../../src/core/events.js';
import { type ModelResponse, noUsage, type StopReason } from '../../src/core/response.js';
import type { RoutingDecision } from '../../src/core/routing.js';
import { createOutcomeLearner } from '../../src/routing/outcome-learner.js';
import { createQualityPosteriors } from '../../src/routing/quality-posteriors.js';
import { createSessionAffinity } from '../../src/routing/session-affinity.js';
import { fakeClock } from '../support/fake-clock.js';
import { request, routerWith } from './routing-fixtures.js';

function setUp() {
  const posteriors = createQualityPosteriors({ seed: 1 });
  const affinity = createSessionAffinity({ clock: fakeClock() });
  let learned = 0;
  const learner = createOutcomeLearner({
    posteriors,
    affinity,
    onLearned: () => {
      learned += 1;
    },
  });
  let atMs = 0;
  const tell = (requestId: string, event: CallEvent, caller = 'ada') =>
    learner.onCallEvent(event, { requestId, caller, atMs });
  const call = (
    requestId: string,
    decision: RoutingDecision,
    response: Partial<ModelResponse> = {},
    caller = 'ada',
  ) => {
    tell(requestId, { type: 'route-decided', decision }, caller);
    const served = decision.candidates[0]?.target;
    if (served === undefined) throw new Error('no candidate');
    const answer: ModelResponse = {
      content: [],
      stopReason: 'end_turn',
      usage: noUsage,
      served,
      source: 'bedrock',
      notices: [],
      ...response,
    };
    tell(requestId, { type: 'call-succeeded', response: answer, latencyMs: 1 }, caller);
  };
  const quality = (decision: RoutingDecision) => {
    const [first] = decision.candidates;
    const { task, complexity } = decision;
    const prior = first?.parts.prior ?? 0;
    return posteriors.mean({ model: first?.target.model ?? '', task, level: complexity.level }, prior) - prior;
  };
  const wait = (ms: number) => {
    atMs += ms;
  };
  return { learner, affinity, call, tell, quality, wait, learned: () => learned };
}

const decide = (prompt = 'Write a parser') =>
  routerWith().route(request({ prompt, task: 'code' }), { caller: { id: 'ada', tenant: 'ada' } });

describe('a rating', () => {
  it('moves the quality of the model that answered, once', () => {
    const { learner, call, quality, learned } = setUp();
    const decision = decide();
    call('r1', decision);
    const told = learner.rate('r1', 'ada', 0);
    expect(told).toEqual({ model: decision.candidates[0]?.target.model, task: 'code' });
    const once = quality(decision);
    expect(once).toBeLessThan(-0.02);
    learner.rate('r1', 'ada', 0);
    expect(quality(decision)).toBe(once);
    expect(learned()).toBe(1);
  });

  it.each([
    ['an unknown request', 'r2', 'ada'],
    ["another caller's request", 'r1', 'bob'],
  ])('of %s is refused', (_, id, caller) => {
    const { learner, call } = setUp();
    call('r1', decide());
    expect(() => learner.rate(id, caller, 1)).toThrow(ServiceError);
  });

  it('of an answer from the cache is refused: no model was chosen', () => {
    const { learner, call } = setUp();
    call('r1', decide(), { source: 'cache' });
    expect(() => learner.rate('r1', 'ada', 1)).toThrow('No recent answer');
  });
});

describe('the end of an answer', () => {
  it.each<[StopReason, boolean]>([
    ['end_turn', false],
    ['tool_use', false],
    ['stop_sequence', false],
    ['max_tokens', true],
    ['content_filtered', true],
    ['malformed_tool_use', true],
    ['malformed_model_output', true],
  ])('%s counts against the model: %s', (stopReason, counts) => {
    const { call, quality } = setUp();
    const decision = decide();
    call('r1', decision, { stopReason });
    expect(quality(decision) < 0).toBe(counts);
  });

  it('an answer that did not fit its schema counts against the model', () => {
    const { tell, quality } = setUp();
    const decision = decide();
    const target = decision.candidates[0]?.target;
    if (target === undefined) throw new Error('no candidate');
    tell('r1', { type: 'route-decided', decision });
    const failure = { category: 'model_error', reason: 'invalid_answer', message: 'x' } as const;
    tell('r1', { type: 'attempt-ended', target, number: 1, outcome: 'failed', failure, latencyMs: 5 });
    expect(quality(decision)).toBeLessThan(0);
  });
});

describe('the same request again', () => {
  it.each([
    ['soon by the same caller', 1_000, 'ada', 'Write a parser', true],
    ['late', 61_000, 'ada', 'Write a parser', false],
    ['by another caller', 1_000, 'bob', 'Write a parser', false],
    ['with other words', 1_000, 'ada', 'Write a lexer', false],
  ])('%s', (_, afterMs, caller, prompt, counts) => {
    const { call, quality, wait } = setUp();
    const decision = decide();
    call('r1', decision);
    wait(afterMs);
    call('r2', decide(prompt), {}, caller);
    expect(quality(decision) < 0).toBe(counts);
  });
});

describe('what is remembered', () => {
  it('is bounded, whatever comes', () => {
    const { learner, call, tell } = setUp();
    const decision = decide();
    for (let index = 0; index < 25_000; index += 1) {
      call(`r${index}`, { ...decision, fingerprint: index, conversation: index });
      tell(`left ${index}`, { type: 'route-decided', decision: { ...decision, fingerprint: -index } });
    }
    expect(learner.size()).toBeLessThanOrEqual(30_000);
    expect(() => learner.rate('r0', 'ada', 1)).toThrow(ServiceError);
    expect(learner.rate('r24999', 'ada', 1).task).toBe('code');
  });

  it('forgets calls that failed, and knows where conversations were answered', () => {
    const { learner, affinity, call, tell } = setUp();
    const decision = decide();
    tell('r1', { type: 'route-decided', decision });
    tell('r1', { type: 'call-failed', failure: { category: 'timeout', message: 'x' }, latencyMs: 1 });
    expect(learner.size()).toBe(0);
    call('r2', decision, { usage: { ...noUsage, cacheReadTokens: 900, cacheWriteTokens: 100 } });
    expect(affinity.of(decision.conversation)).toMatchObject({
      target: decision.candidates[0]?.target,
      cachedTokens: 1_000,
    });
  });
});

describe('session affinity', () => {
  it('ends after five minutes, or an hour where the cache is kept so long, and is bounded', async () => {
    const clock = fakeClock();
    const affinity = createSessionAffinity({ clock });
    const target = decide().candidates[0]?.target;
    if (target === undefined) throw new Error('no candidate');
    for (let index = 0; index < 12_000; index += 1) affinity.keep(index, { target, cachedTokens: 0 });
    expect(affinity.size()).toBe(10_000);
    expect(affinity.of(0)).toBeUndefined();
    expect(affinity.of(11_999)).toBeDefined();
    affinity.keep(5, { target, cachedTokens: 9, keptLong: true });
    await clock.advance(300_000);
    expect(affinity.of(11_999)).toBeUndefined();
    affinity.keep(5, { target, cachedTokens: 9 });
    await clock.advance(3_000_000);
    expect(affinity.of(5)).toBeDefined();
    await clock.advance(300_000);
    expect(affinity.of(5)).toBeUndefined();
  });
});
