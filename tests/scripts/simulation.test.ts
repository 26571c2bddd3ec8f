import { describe, expect, it } from '@jest/globals';
import { balancers, defaultBalancing, runBalancing } from '../../scripts/simulation/balancing.js';
import { runPolicy } from '../../scripts/simulation/fleet.js';
import { clairvoyant, roundRobin, serverSelection, staticMap } from '../../scripts/simulation/policies.js';
import { defaultScenario, parseScenario, stateAt } from '../../scripts/simulation/scenario.js';

describe('the simulated fleet', () => {
  it.each([
    [10, 97],
    [1, 94.5],
  ])('at %d requests a second gives the server at least %d %% of the clairvoyant utility', (rps, bar) => {
    const run = { scenario: defaultScenario, rps, seed: 31 };
    const best = runPolicy(clairvoyant, run).utility;
    const percent = (100 * runPolicy(serverSelection, run).utility) / best;
    expect(percent).toBeGreaterThan(bar);
    expect(percent).toBeLessThan(100.5);
    expect((100 * runPolicy(staticMap, run).utility) / best).toBeLessThan(percent);
    expect((100 * runPolicy(roundRobin, run).utility) / best).toBeLessThan(90);
  });

  it('is the same for the same seed', () => {
    const run = { scenario: { ...defaultScenario, duration_s: 120 }, rps: 5, seed: 4 };
    expect(runPolicy(serverSelection, run)).toEqual(runPolicy(serverSelection, run));
  });

  it('replays a list of events, or a fleet of others', () => {
    const events = [{ at_s: 5, model: 'coder', kind: 'outage' }];
    expect(parseScenario(events)).toEqual({ ...defaultScenario, events });
    expect(parseScenario({ events, duration_s: 60 }).duration_s).toBe(60);
    expect(() => parseScenario([{ ...events[0], model: 'nobody' }])).toThrow('the fleet has frontier');
    expect(() => parseScenario([{ ...events[0], kind: 'flood' }])).toThrow('kind');
  });

  it('lets events begin and end', () => {
    const coder = (second: number) => stateAt(defaultScenario, second)[2];
    expect(coder(100)?.errorRate).toBe(0);
    expect(coder(130)?.errorRate).toBe(0.7);
    expect(coder(370)?.errorRate).toBe(0);
    expect(coder(600)?.quality.code).toBeCloseTo(0.67);
  });
});

describe('the balance over equal regions, one of them slow', () => {
  it('keeps the 99th percentile and the healthy ones close together', () => {
    const results = balancers.map((make) => runBalancing(make, defaultBalancing, 8));
    const server = results.at(-1);
    expect(server?.p99S).toBeLessThan(7);
    expect(server?.healthySpread).toBeLessThan(0.05);
    expect(results[0]?.p99S).toBeGreaterThan(60);
  });
});
