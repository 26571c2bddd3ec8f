import { describe, expect, it } from '@jest/globals';
import type { CallEvent, ServerEvent } from '../../src/core/events.js';
import { modelId, region, type Target } from '../../src/core/target.js';
import { createModeWatch } from '../../src/resilience/mode-watch.js';

const target: Target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const origin = { requestId: 'r', caller: 'c', atMs: 0 };
const breaker = (state: 'open' | 'half-open' | 'closed', to = target): ServerEvent => ({
  type: 'breaker-changed',
  target: to,
  state,
  why: 'network',
});
const answered = (by: Target): CallEvent => ({
  type: 'attempt-ended',
  target: by,
  number: 1,
  latencyMs: 1,
  outcome: 'succeeded',
});

function setUp() {
  const told: ServerEvent[] = [];
  const watch = createModeWatch((event) => told.push(event));
  const tell = (...events: ServerEvent[]) => {
    for (const event of events) watch.onServerEvent?.(event);
  };
  return { told, tell, watch };
}

describe('degraded mode', () => {
  it('is entered with the first trouble and left with the last, told once each', () => {
    const { told, tell } = setUp();
    const other = { ...target, region: region('us-west-2') };
    tell(breaker('open'), breaker('half-open'), breaker('open'));
    tell(breaker('open', other), { type: 'store-degraded', store: 'redis', why: 'gone' });
    tell(breaker('closed'), { type: 'store-recovered', store: 'redis' });
    expect(told).toHaveLength(1);
    tell(breaker('half-open', other), breaker('closed', other), breaker('closed', other));
    expect(told).toEqual([
      { type: 'mode-changed', degraded: true, why: 'amazon.nova-lite-v1:0@us-east-1 rests' },
      { type: 'mode-changed', degraded: false, why: 'amazon.nova-lite-v1:0@us-west-2 rests' },
    ]);
  });

  it.each<[string, ServerEvent, ServerEvent]>([
    ['pacing', { type: 'pacing-changed', target, paced: true }, { type: 'pacing-changed', target, paced: false }],
    [
      'credentials that AWS refuses',
      { type: 'readiness-changed', ready: false, why: 'no' },
      { type: 'readiness-changed', ready: true, why: 'yes' },
    ],
  ])('comes and goes with %s', (_, begin, end) => {
    const { told, tell } = setUp();
    tell(end, begin, begin, end);
    expect(told.map((event) => event.type === 'mode-changed' && event.degraded)).toEqual([true, false]);
  });

  it('lasts while a local model answers, until Bedrock does', () => {
    const { told, watch } = setUp();
    const local: Target = { model: modelId('local.llama'), region: region('local') };
    for (const by of [target, local, local, target, target]) watch.onCallEvent(answered(by), origin);
    expect(told.map((event) => event.type === 'mode-changed' && event.degraded)).toEqual([true, false]);
  });
});
