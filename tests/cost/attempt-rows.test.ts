import { expect, it } from '@jest/globals';
import { noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { attemptRow } from '../../src/cost/attempt-rows.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { catalogue } from './catalogue.js';

const model = modelId('amazon.nova-pro-v1:0');
const target = { model, region: region('us-east-1') };
const midnightMs = Date.UTC(2026, 11, 1);

it('books an attempt at the prices of the moment it was sent, though others hold when it ends', () => {
  const overrides = [{ model, source: 'December', fromMs: midnightMs, input: 99, output: 99 }];
  const prices = createPriceBook({ catalogue, overrides, clock: { nowMs: () => midnightMs + 5_000 } });
  const row = attemptRow(prices, {
    attemptId: 'one/1',
    request: {},
    requestId: 'one',
    subject: { caller: 'ann', tags: {} },
    source: 'bedrock',
    atMs: midnightMs - 1,
    provider: undefined,
    attempt: {
      target,
      number: 1,
      outcome: 'succeeded',
      latencyMs: 6_000,
      usage: { ...noUsage, inputTokens: 1_000, outputTokens: 500, totalTokens: 1_500 },
    },
    firstOfCall: () => true,
  });
  expect(row).toMatchObject({
    atMs: midnightMs - 1,
    provider: 'amazon',
    priceVersion: `catalogue ${catalogue.as_of}`,
    cost: { nanoUsd: 2_400_000, estimated: false },
    costParts: { input: 800_000, output: 1_600_000 },
  });
});
