import { describe, expect, it } from '@jest/globals';
import { noUsage } from '../../src/core/response.js';
import { modelId, profileId, region } from '../../src/core/target.js';
import { quotaFinder, quotaTokens } from '../../src/resilience/quotas.js';

const model = modelId('anthropic.claude-sonnet-4-5-20250929-v1:0');
const profile = profileId('us.anthropic.claude-sonnet-4-5-20250929-v1:0');
const [east, west] = [region('us-east-1'), region('us-west-2')];

describe('quotas by target', () => {
  const find = quotaFinder([
    { model, requestsPerMinute: 1 },
    { model, region: east, requestsPerMinute: 2 },
    { model, profile, requestsPerMinute: 3 },
    { model, profile, region: west, requestsPerMinute: 4 },
  ]);

  it('the row that says most of the target holds', () => {
    expect(find({ model, region: west })?.requestsPerMinute).toBe(1);
    expect(find({ model, region: east })?.requestsPerMinute).toBe(2);
    expect(find({ model, profile, region: east })?.requestsPerMinute).toBe(3);
    expect(find({ model, profile, region: west })?.requestsPerMinute).toBe(4);
    expect(find({ model: modelId('other'), region: west })).toBeUndefined();
  });
});

describe('tokens that count against a quota', () => {
  const usage = { ...noUsage, inputTokens: 100, cacheReadTokens: 1_000, cacheWriteTokens: 10, outputTokens: 20 };

  it.each([
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', 210],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', 210],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 130],
    ['anthropic.claude-3-haiku-20240307-v1:0', 130],
    ['amazon.nova-lite-v1:0', 130],
  ])('of %s', (id, tokens) => {
    expect(quotaTokens(modelId(id), usage)).toBe(tokens);
  });
});
