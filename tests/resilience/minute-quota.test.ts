import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createMinuteQuota } from '../../src/resilience/minute-quota.js';
import { fakeClock } from '../support/fake-clock.js';

describe('a quota of a minute', () => {
  it('lets all of it go at once, and more only when a minute has passed since', async () => {
    const clock = fakeClock();
    const quota = createMinuteQuota({ requestsPerMinute: 3 }, clock);
    for (let request = 0; request < 3; request += 1) {
      expect(quota.waitMs(1_000_000)).toBe(0);
      quota.take(1_000_000, 0);
    }
    expect(quota.waitMs(1)).toBe(60_000);
    await clock.advance(59_999);
    expect(quota.waitMs(1)).toBe(1);
    await clock.advance(1);
    expect(quota.waitMs(1)).toBe(0);
  });

  it('counts what a request may use at most, and gives back what it did not', () => {
    const quota = createMinuteQuota({ tokensPerMinute: 10_000 }, fakeClock());
    const large = quota.take(9_000, 0);
    expect(quota.waitMs(2_000)).toBe(60_000);
    large.settle(500);
    expect(quota.waitMs(2_000)).toBe(0);
    expect(quota.waitMs(9_501)).toBe(60_000);
  });

  it('holds nothing for a request that was never sent', () => {
    const quota = createMinuteQuota({ requestsPerMinute: 1, tokensPerMinute: 100 }, fakeClock());
    quota.take(100, 0).undo();
    expect(quota.waitMs(100)).toBe(0);
  });

  it('lets a request larger than the whole quota go into an empty minute, for the service to decide', () => {
    const quota = createMinuteQuota({ tokensPerMinute: 100 }, fakeClock());
    expect(quota.waitMs(5_000)).toBe(0);
    quota.take(5_000, 0);
    expect(quota.waitMs(1)).toBe(60_000);
  });

  it('keeps later requests behind earlier ones that wait', () => {
    const quota = createMinuteQuota({ tokensPerMinute: 100 }, fakeClock());
    quota.take(60, 0);
    const waitMs = quota.waitMs(90);
    expect(waitMs).toBe(60_000);
    quota.take(90, waitMs);
    expect(quota.waitMs(10)).toBe(60_000);
    expect(quota.waitMs(11)).toBe(120_000);
  });

  it('is never exceeded within any minute, whatever comes when, and never wastes a third of it', async () => {
    const requests = fc.array(fc.record({ afterMs: fc.nat(5_000), tokens: fc.integer({ min: 1, max: 300 }) }), {
      minLength: 50,
      maxLength: 200,
    });
    await fc.assert(
      fc.asyncProperty(requests, async (given) => {
        const clock = fakeClock();
        const quota = createMinuteQuota({ requestsPerMinute: 20, tokensPerMinute: 2_000 }, clock);
        const sent: { atMs: number; tokens: number }[] = [];
        for (const { afterMs, tokens } of given) {
          await clock.advance(afterMs);
          const waitMs = quota.waitMs(tokens);
          quota.take(tokens, waitMs);
          sent.push({ atMs: clock.monotonicMs() + waitMs, tokens });
        }
        for (const { atMs } of sent) {
          const minute = sent.filter((other) => other.atMs > atMs - 60_000 && other.atMs <= atMs);
          expect(minute.length).toBeLessThanOrEqual(20);
          expect(minute.reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(2_000);
        }
        // Slices of a second make it stricter than it has to be, but not by much.
        const lastMs = sent.at(-1)?.atMs ?? 0;
        const offeredMs = given.reduce((sum, { afterMs }) => sum + afterMs, 0);
        const tokens = given.reduce((sum, one) => sum + one.tokens, 0);
        const minutes = Math.max(tokens / 2_000, given.length / 20) * 1.5 + 1;
        expect(lastMs).toBeLessThanOrEqual(offeredMs + minutes * 60_000);
      }),
      { numRuns: 30, seed: 5 },
    );
  });
});
