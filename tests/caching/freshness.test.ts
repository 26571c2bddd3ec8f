import { describe, expect, it } from '@jest/globals';
import type { FoundEntry } from '../../src/caching/cache-manager.js';
import { freshnessOf } from '../../src/caching/freshness.js';
import { cacheEntry } from '../contracts/cache-store-contract.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';

const clock = fakeClock();
const plan = { lookUp: true, ttlMs: 60_000, revalidateMs: 10_000, staleIfErrorMs: 0 };
const found = (hits: number): FoundEntry => ({ entry: cacheEntry(clock, 60_000), tier: 'memory', hits });
const always = (value: number) => ({ next: () => value, id: () => '' });

describe('freshness', () => {
  it.each([
    [0, 'fresh'],
    [59_999, 'fresh'],
    [60_000, 'stale'],
    [69_999, 'stale'],
    [70_000, 'old'],
  ])('after %d ms an answer is %s', (ageMs, expected) => {
    expect(freshnessOf(found(1), plan, clock.nowMs() + ageMs, always(0.5))).toBe(expected);
  });

  it('goes by the shorter of the times of the answer and of the request', () => {
    const short = { ...plan, ttlMs: 1_000, revalidateMs: 0 };
    expect(freshnessOf(found(1), short, clock.nowMs() + 1_000, always(0.5))).toBe('old');
  });

  /** Share of look-ups with so much time left at which a hot answer is made anew. */
  const share = (leftMs: number, hits: number): number => {
    const random = fakeRandom(5);
    const nowMs = clock.nowMs() + 60_000 - leftMs;
    const outcomes = Array.from({ length: 20_000 }, () => freshnessOf(found(hits), plan, nowMs, random));
    return outcomes.filter((one) => one === 'early').length / outcomes.length;
  };

  it('renews a hot answer early as XFetch does: with probability exp(-left / time to make)', () => {
    // An entry of the contract took 1,500 ms to make.
    for (const leftMs of [300, 1_500, 4_500]) expect(share(leftMs, 3)).toBeCloseTo(Math.exp(-leftMs / 1_500), 1);
    expect(share(60_000, 3)).toBe(0);
  });

  it('does not renew what is hardly used', () => {
    expect(share(1, 2)).toBe(0);
  });
});
