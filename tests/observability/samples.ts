import type { AttemptSummary, CallEvent, EventOrigin } from '../../src/core/events.js';
import type { ModelResponse } from '../../src/core/response.js';
import type { RoutingDecision } from '../../src/core/routing.js';
import { modelId, region, type Target } from '../../src/core/target.js';

export const target: Target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
export const origin: EventOrigin = { requestId: 'r1', caller: 'ada', atMs: 0 };
export const canary = 'CANARY-CONTENT';

export const usage = {
  inputTokens: 10,
  outputTokens: 20,
  cacheReadTokens: 3,
  cacheWriteTokens: 4,
  cacheWrite1hTokens: 0,
  totalTokens: 37,
  estimated: false,
};

export const response: ModelResponse = {
  content: [{ type: 'text', text: canary }],
  stopReason: 'end_turn',
  usage,
  served: target,
  source: 'bedrock',
  timeToFirstTokenMs: 120,
  notices: [],
};

export const decision: RoutingDecision = {
  task: 'code',
  confidence: 0.9,
  complexity: { score: 0.5, level: 'medium' },
  optimize: 'balanced',
  strategy: 'balanced',
  policyVersion: '1',
  alternatives: {},
  conversation: 1,
  fingerprint: 2,
  candidates: [
    {
      target,
      rank: 1,
      score: 1,
      parts: { quality: 0.9, prior: 0.9, cost: 0.02, latency: 0.01, failure: 0, affinity: 0 },
      healthy: true,
      reasons: ['best'],
    },
  ],
  excluded: [],
  reasons: ['looks like code'],
  notices: [],
  inputTokens: 10,
  maxTokens: 100,
  decisionMicroseconds: 5,
};

export const attempt: AttemptSummary = {
  target,
  number: 1,
  outcome: 'succeeded',
  latencyMs: 200,
  timeToFirstTokenMs: 120,
  usage,
};

export const goodCall: readonly CallEvent[] = [
  { type: 'call-started', tool: 'bedrock_invoke' },
  { type: 'cache-missed' },
  { type: 'route-decided', decision },
  { type: 'attempt-started', target, number: 1 },
  { type: 'attempt-ended', ...attempt },
  { type: 'cost-settled', target, cost: { nanoUsd: 2_500_000, estimated: false } },
  { type: 'call-succeeded', response, latencyMs: 250 },
];

export const failedCall = (category: 'timeout' | 'internal'): readonly CallEvent[] => [
  { type: 'call-started', tool: 'bedrock_invoke' },
  {
    type: 'attempt-ended',
    target,
    number: 1,
    outcome: 'failed',
    failure: { category, message: 'slow' },
    latencyMs: 90,
  },
  { type: 'call-failed', failure: { category, reason: 'deadline', message: 'slow' }, latencyMs: 100 },
];
