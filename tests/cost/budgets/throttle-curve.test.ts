import { describe, expect, it } from '@jest/globals';
import { throttleAt } from '../../../src/cost/budgets/throttle-curve.js';

describe('the throttling curve', () => {
  it.each([
    [0, false, 1, 0],
    [0.799, false, 1, 0],
    [0.8, true, 1, 0],
    [0.9, true, 1, 0],
    [0.925, true, 0.55, 0],
    [0.95, true, 0.1, 0],
    [0.975, true, 0.1, 1_000],
    [1, true, 0.1, 2_000],
    [3, true, 0.1, 2_000],
  ])(
    'at %d of the limit: cheaper models %s, %d of the concurrency, %d ms',
    (share, cheaperModels, concurrency, delayMs) => {
      const throttle = throttleAt(share);
      expect(throttle).toMatchObject({ cheaperModels, delayMs });
      expect(throttle.concurrency).toBeCloseTo(concurrency, 9);
    },
  );

  it('never lets go as the limit nears', () => {
    for (let share = 0; share < 1.2; share += 0.001) {
      const [now, later] = [throttleAt(share), throttleAt(share + 0.001)];
      expect(later.concurrency).toBeLessThanOrEqual(now.concurrency);
      expect(later.delayMs).toBeGreaterThanOrEqual(now.delayMs);
      expect(Number(later.cheaperModels)).toBeGreaterThanOrEqual(Number(now.cheaperModels));
    }
  });
});
