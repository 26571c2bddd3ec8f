import { expect, it } from '@jest/globals';
import { runCancellations } from '../../scripts/lab/cancellation.js';

it('calls that are cancelled at any moment leave nothing but their cost, booked once', async () => {
  const report = await runCancellations(200, 20);
  expect(report.violations).toEqual([]);
  expect(report.calls).toBe(200);
  expect(report.outcomes['cancelled']).toBeGreaterThan(50);
  expect(report.reachedUpstream).toBeGreaterThan(5);
  expect(report.bookedEstimated).toBeGreaterThan(0);
  // On a busy machine each may be late; the script holds all but one in a hundred to a tenth of a second.
  expect(report.upstreamEndedMs.p50).toBeLessThan(2_000);
}, 120_000);
