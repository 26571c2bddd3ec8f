import { expect, it } from '@jest/globals';
import { runChaos } from '../../scripts/lab/chaos.js';

it.each([1, 2])(
  'random faults of seed %i break no invariant',
  async (seed) => {
    const report = await runChaos({ seed, requests: 150, concurrency: 15, lateMs: 10_000 });
    expect(report.violations).toEqual([]);
    // A call whose key has an answer already is not made.
    expect(report.requests).toBeGreaterThan(100);
    expect(report.upstreamCalls).toBeGreaterThan(50);
    expect(Object.keys(report.faultsPlayed).length).toBeGreaterThan(0);
  },
  60_000,
);
