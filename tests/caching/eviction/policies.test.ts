import { describe, expect, it } from '@jest/globals';
import { evictionNames } from '../../../src/caching/eviction/eviction-policy.js';
import { createGdsf } from '../../../src/caching/eviction/gdsf.js';
import { evictionPolicies } from '../../../src/caching/eviction/policies.js';
import { createPolicyChoice } from '../../../src/caching/eviction/policy-choice.js';
import { createTinyLfu } from '../../../src/caching/eviction/tiny-lfu.js';
import { createWeighedTable, type EvictionSetting } from '../../../src/caching/eviction/weighed-table.js';
import { fakeClock, fakeRandom } from '../../support/fake-clock.js';

const clock = fakeClock();
const maxBytes = 400_000;

/** A Zipf trace in which one key in three is asked once only; sizes and prices differ by a hundred. */
function* trace(seed: number, lookups: number) {
  const random = fakeRandom(seed);
  const keys = 2_000;
  const weights = Array.from({ length: keys }, (_, rank) => 1 / (rank + 1));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const draw = (): number => {
    let left = random.next() * total;
    return weights.findIndex((weight) => {
      left -= weight;
      return left <= 0;
    });
  };
  for (let index = 0; index < lookups; index += 1) {
    const once = random.next() < 0.3;
    const key = once ? `once-${index}` : `key-${draw()}`;
    // What a key weighs and costs is its own, drawn from its name.
    const own = fakeRandom([...key].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7));
    yield { key, bytes: Math.round(1_000 * 100 ** own.next()), cost: Math.round(1_000_000 * 100 ** own.next()) };
  }
}

/** Share of the money that the answers found again would have cost. */
function savedBy(eviction: EvictionSetting): number {
  const table = createWeighedTable<true>({ maxBytes, clock, eviction });
  let [saved, spent] = [0, 0];
  for (const { key, bytes, cost } of trace(7, 20_000)) {
    if (table.find(key)) saved += cost;
    else {
      spent += cost;
      const forever = Number.POSITIVE_INFINITY;
      table.keep(key, { value: true, bytes, cost, expiresAtMs: forever, deadAtMs: forever, hits: 0 });
    }
    expect(table.stats().bytes).toBeLessThanOrEqual(maxBytes);
  }
  return saved / (saved + spent);
}

describe('eviction under pressure', () => {
  it('saves much more money when it minds the cost, and left to itself it does', () => {
    const [lru, gdsf, auto] = [savedBy('lru'), savedBy('gdsf'), savedBy('auto')];
    // The bars: 46 % where LRU has 35.5 %.
    expect(gdsf / lru).toBeGreaterThan(46 / 35.5);
    expect(auto).toBeGreaterThan(gdsf * 0.97);
  });
});

describe.each(evictionNames)('the policy %s', (name) => {
  it('names each held key once, and none when nothing is left', () => {
    const policy = evictionPolicies[name](100_000);
    const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
    for (const [index, key] of keys.entries()) policy.added(key, { bytes: 1_000 + index, cost: index });
    policy.used('key-5');
    policy.removed('key-7');
    policy.removed('never held');
    const gone: string[] = [];
    for (let victim = policy.victim(); victim !== undefined; victim = policy.victim()) {
      gone.push(victim);
      policy.removed(victim);
    }
    expect(gone.toSorted()).toEqual(keys.filter((key) => key !== 'key-7').toSorted());
  });
});

describe('GDSF', () => {
  it('drops what saves least by the byte, and nothing stays on old merits', () => {
    const policy = createGdsf(100_000);
    policy.added('dear', { bytes: 1_000, cost: 1_000_000 });
    policy.added('large', { bytes: 100_000, cost: 1_000_000 });
    policy.added('cheap', { bytes: 1_000, cost: 50_000 });
    expect(policy.victim()).toBe('large');
    policy.removed('large');
    for (let index = 0; policy.victim() !== 'dear'; index += 1) {
      expect(index).toBeLessThan(1_000);
      policy.removed(policy.victim() ?? '');
      policy.added(`new-${index}`, { bytes: 1_000, cost: 200_000 });
    }
  });
});

describe('W-TinyLFU', () => {
  it('does not let keys that are asked once drive out one that is asked often', () => {
    const policy = createTinyLfu(10_000);
    const held = new Map<string, number>();
    const keep = (key: string) => {
      policy.missed(key);
      policy.added(key, { bytes: 1_000, cost: 1 });
      held.set(key, 1_000);
      while (held.size > 10) {
        const victim = policy.victim() ?? '';
        policy.removed(victim);
        held.delete(victim);
      }
    };
    keep('often');
    for (let use = 0; use < 5; use += 1) policy.used('often');
    for (let index = 0; index < 200; index += 1) keep(`once-${index}`);
    expect(held.has('often')).toBe(true);
  });
});

describe('the choice of a policy', () => {
  it('goes over to the one that saves more on the sample', () => {
    const choice = createPolicyChoice(maxBytes, 'lru');
    const far = Number.POSITIVE_INFINITY;
    expect(choice.best()).toBe('lru');
    for (const { key, bytes, cost } of trace(3, 60_000)) {
      choice.asked(key, 0, undefined);
      choice.kept(key, { bytes, cost, expiresAtMs: far });
    }
    expect(choice.best()).toBe('gdsf');
    expect(choice.saved().gdsf).toBeGreaterThan(choice.saved().lru);
  });
});
