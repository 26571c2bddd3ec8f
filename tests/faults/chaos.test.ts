import { expect, it } from '@jest/globals';
import { runChaos } from '../../scripts/lab/chaos.js';

it.each([1, 2])(
  'random faults of seed %i break no invariant',
  async (seed) => {
    const report = await runChaos({ seed, requests: 150, concurrency: 15 });
    expect(report.violations).toEqual([]);
    expect(report.requests).toBe(150);
    expect(report.upstreamCalls).toBeGreaterThan(50);
    expect(Object.keys(report.faultsPlayed).length).toBeGreaterThan(0);
  },
  60_000,
);
