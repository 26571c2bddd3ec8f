import { describe, expect, it } from '@jest/globals';
import { modelId, region, type Target } from '../../src/core/target.js';
import type { TargetLoad } from '../../src/routing/performance-tracker.js';
import { spreadTargets } from '../../src/routing/target-spread.js';

const targets = ['a', 'b', 'c', 'd'].map((name): Target => ({ model: modelId('m'), region: region(name) }));
const busy: TargetLoad = { inFlight: 2, latencyMs: 1_000, throttleRate: 0 };

function firsts(loads: Record<string, TargetLoad>, regionWeights: Record<string, number> = {}, draws = 4_000) {
  const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
  for (let version = 0; version < draws; version += 1) {
    const load = { version: () => version, loadOf: (target: Target) => loads[target.region] ?? busy };
    const [first] = spreadTargets(targets, { load, regionWeights, seed: 9 });
    if (first) counts[first.region] = (counts[first.region] ?? 0) + 1 / draws;
  }
  return counts;
}

describe('the spread over equal targets', () => {
  it('is even when all are equal', () => {
    for (const share of Object.values(firsts({}))) expect(share).toBeCloseTo(0.25, 1);
  });

  it.each<[string, TargetLoad]>([
    ['slow', { ...busy, latencyMs: 5_000 }],
    ['busy', { ...busy, inFlight: 30 }],
    ['throttled', { ...busy, throttleRate: 0.5 }],
  ])('leaves a %s one nearly out', (_, load) => {
    const shares = firsts({ b: load });
    expect(shares['b']).toBeLessThan(0.05);
    for (const name of ['a', 'c', 'd']) expect(shares[name]).toBeGreaterThan(0.28);
  });

  it('follows the weights of the regions', () => {
    const idle = { inFlight: 0, latencyMs: 1_000, throttleRate: 0 };
    const shares = firsts({ a: idle, b: idle, c: idle, d: idle }, { a: 4 });
    expect(shares['a']).toBeGreaterThan(0.4);
  });

  it('keeps the order of the settings before anything was called, and the order of a known state', () => {
    const untouched = { version: () => 1, loadOf: () => ({ inFlight: 0, throttleRate: 0 }) };
    expect(spreadTargets(targets, { load: untouched, regionWeights: {}, seed: 3 })).toEqual(targets);
    const load = { version: () => 5, loadOf: () => busy };
    const options = { load, regionWeights: {}, seed: 3 };
    expect(spreadTargets(targets, options)).toEqual(spreadTargets(targets, options));
    expect(spreadTargets(targets, options)).toHaveLength(4);
  });
});
