import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkUsage } from '../../src/bedrock/token-usage.js';

const estimate = () => ({ inputTokens: 11, outputTokens: 22 });
const check = (counts: object) => checkUsage({ inputTokens: 5, outputTokens: 6, totalTokens: 11, ...counts }, estimate);

it.each([
  [{}, { inputTokens: 5, outputTokens: 6, totalTokens: 11, estimated: false }, false],
  [{ inputTokens: 28.0, outputTokens: 6.4 }, { inputTokens: 28, outputTokens: 6, estimated: false }, false],
  [{ inputTokens: -5 }, { inputTokens: 11, outputTokens: 6, estimated: true }, true],
  [{ outputTokens: '7' }, { inputTokens: 5, outputTokens: 22, estimated: true }, true],
  [{ inputTokens: 1e30 }, { inputTokens: 11, estimated: true }, true],
  [{ inputTokens: Number.NaN }, { inputTokens: 11, estimated: true }, true],
  [{ inputTokens: undefined }, { inputTokens: 11, estimated: true }, false],
  [
    { cacheReadInputTokens: 4, cacheWriteInputTokens: 3 },
    { cacheReadTokens: 4, cacheWriteTokens: 3, totalTokens: 18 },
    false,
  ],
  [{ cacheReadInputTokens: -1 }, { inputTokens: 5, cacheReadTokens: 0, estimated: true }, true],
  [
    {
      cacheWriteInputTokens: 9,
      cacheDetails: [
        { ttl: '1h', inputTokens: 7 },
        { ttl: '5m', inputTokens: 2 },
      ],
    },
    { cacheWriteTokens: 9, cacheWrite1hTokens: 7 },
    false,
  ],
  [{ cacheWriteInputTokens: 3, cacheDetails: [{ ttl: '1h', inputTokens: 7 }] }, { cacheWrite1hTokens: 3 }, false],
])('%j', (counts, usage, suspect) => {
  expect(check(counts)).toMatchObject({ usage, suspect });
});

it.each([
  [{ totalTokens: 11 }, false],
  [{ totalTokens: 12 }, true],
  [{ totalTokens: 11, cacheReadInputTokens: 4 }, true],
  [{ totalTokens: 15, cacheReadInputTokens: 4 }, false],
  [{ totalTokens: undefined }, false],
  [{ totalTokens: 99, inputTokens: -1 }, false],
])('trusts the parts when the total is another: %j', (counts, mismatch) => {
  const { usage, ...verdict } = check(counts);
  expect(verdict.mismatch).toBe(mismatch);
  expect(usage.totalTokens).toBe(usage.inputTokens + usage.outputTokens + usage.cacheReadTokens);
});

it('estimates all when nothing was reported', () => {
  expect(checkUsage(undefined, estimate)).toMatchObject({
    usage: { totalTokens: 33, estimated: true },
    suspect: false,
  });
});

it('never lets anything but whole counts in range through', () => {
  const anything = fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined));
  const counts = fc.record({
    inputTokens: anything,
    outputTokens: anything,
    cacheReadInputTokens: anything,
    cacheWriteInputTokens: anything,
  });
  fc.assert(
    fc.property(counts, (given) => {
      const { usage } = check(given);
      const { estimated: _, serviceTier: _tier, totalTokens, cacheWrite1hTokens, ...parts } = usage;
      for (const count of Object.values(parts)) {
        expect(Number.isInteger(count) && count >= 0 && count <= 10_000_000).toBe(true);
      }
      expect(totalTokens).toBe(Object.values(parts).reduce((sum, count) => sum + count, 0));
      expect(cacheWrite1hTokens).toBeLessThanOrEqual(usage.cacheWriteTokens);
    }),
  );
});
