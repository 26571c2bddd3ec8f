import { expect, it } from '@jest/globals';
import { noUsage } from '../../src/core/response.js';
import { modelId, profileId, region } from '../../src/core/target.js';
import { createPriceBook } from '../../src/cost/pricing.js';
import { catalogue } from './catalogue.js';
import { goldenCosts } from './golden-costs.js';

const prices = createPriceBook({ catalogue, clock: { nowMs: () => Date.UTC(2026, 10, 25) } });

it('has enough cases, of every family that has a price', () => {
  expect(goldenCosts.length).toBeGreaterThanOrEqual(150);
  const covered = new Set(goldenCosts.map(([, model]) => catalogue.models.find(({ id }) => id === model)?.family));
  const priced = catalogue.models.filter(
    ({ kind, price }) => kind === 'chat' && price.input !== undefined && price.output !== undefined,
  );
  for (const { family } of priced) expect(covered).toContain(family);
});

it.each(goldenCosts)(
  '%s: %s %s %s %s, %d in, %d out, %d read, %d and %d written: %d',
  (_, model, geography, place, tier, input, output, read, write5m, write1h, nanoUsd, estimated) => {
    const target = {
      model: modelId(model),
      region: region(place),
      ...(geography !== '' && { profile: profileId(`${geography}.${model}`) }),
    };
    const usage = {
      ...noUsage,
      inputTokens: input,
      outputTokens: output,
      cacheReadTokens: read,
      cacheWriteTokens: write5m + write1h,
      cacheWrite1hTokens: write1h,
      ...(tier !== '' && { serviceTier: tier }),
    };
    const cost = prices.costOf(target, usage);
    expect({ nanoUsd: cost.nanoUsd, estimated: cost.estimated }).toEqual({ nanoUsd, estimated });
    expect(Object.values(cost.parts).reduce((sum, part) => sum + part)).toBe(nanoUsd);
  },
);
