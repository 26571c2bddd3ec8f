import { expect, it } from '@jest/globals';
import { foldEvent, newCallRecord } from '../../src/core/call-record.js';
import type { CallEvent } from '../../src/core/events.js';
import { modelId, region } from '../../src/core/target.js';

const target = { model: modelId('m'), region: region('us-east-1') };

it('folds the events of a call into what its result tells', () => {
  const events: CallEvent[] = [
    { type: 'call-started', tool: 'bedrock_invoke' },
    { type: 'cache-missed' },
    { type: 'attempt-started', target, number: 1 },
    {
      type: 'attempt-ended',
      target,
      number: 1,
      outcome: 'failed',
      failure: { category: 'rate_limit', message: 'busy' },
      latencyMs: 5,
    },
    { type: 'attempt-ended', target, number: 2, outcome: 'succeeded', latencyMs: 9 },
    { type: 'cost-settled', target, cost: { nanoUsd: 3, estimated: true } },
    { type: 'cost-settled', target, cost: { nanoUsd: 4, estimated: false } },
    { type: 'call-failed', failure: { category: 'timeout', message: 'late' }, latencyMs: 20 },
  ];
  const record = events.reduce(foldEvent, newCallRecord('r1'));
  expect(record).toMatchObject({
    requestId: 'r1',
    attempts: [
      { number: 1, outcome: 'failed' },
      { number: 2, outcome: 'succeeded' },
    ],
    cost: { nanoUsd: 7, estimated: true },
    failure: { category: 'timeout' },
    latencyMs: 20,
  });
  expect(record.attempts[0]).not.toHaveProperty('type');
  expect(foldEvent(record, { type: 'cache-hit', tier: 'memory', saved: 8 })).toMatchObject({
    cacheHit: { tier: 'memory', saved: 8 },
  });
});
