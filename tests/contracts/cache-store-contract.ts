import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CacheEntry, CacheStore } from '../../src/caching/cache-entry.js';
import { textSketch } from '../../src/caching/text-sketch.js';
import type { Clock } from '../../src/core/clock.js';
import { noUsage } from '../../src/core/response.js';
import { modelId, profileId, region } from '../../src/core/target.js';

/** An entry that lives for `ttlMs` from now. */
export function cacheEntry(clock: Clock, ttlMs = 60_000, text = 'hello'): CacheEntry {
  const storedAtMs = clock.nowMs();
  return {
    response: {
      content: [{ type: 'text', text }],
      stopReason: 'end_turn',
      usage: { ...noUsage, inputTokens: 3, outputTokens: 2, totalTokens: 5 },
      served: { model: modelId('acme.one'), region: region('us-east-1'), profile: profileId('us.acme.one') },
      source: 'bedrock',
      timeToFirstTokenMs: 12.5,
      cost: { nanoUsd: 42, estimated: false },
      notices: ['a notice'],
    },
    cost: 42,
    labels: { tenant: 'a', caller: 'tester', tags: { team: 'blue' }, session: 's', sketch: textSketch('hello') },
    madeInMs: 1_500,
    askedAtMs: storedAtMs,
    storedAtMs,
    expiresAtMs: storedAtMs + ttlMs,
    keptUntilMs: storedAtMs + ttlMs,
  };
}

export interface CacheStoreUnderTest {
  readonly store: CacheStore & { close?(): Promise<void> };
  readonly clock: Clock;
  /** Lets so much time pass, for the store too. */
  pass(ms: number): Promise<void>;
}

/** What every cache store promises. `open` gives a new, empty one that works. */
export function cacheStoreContract(name: string, open: () => Promise<CacheStoreUnderTest>): void {
  describe(`${name} as a cache store`, () => {
    let subject: CacheStoreUnderTest;
    beforeEach(async () => {
      subject = await open();
    });
    afterEach(() => subject.store.close?.());

    it('gives back what was kept, whole', async () => {
      const { store, clock } = subject;
      const entry = cacheEntry(clock, 60_000, 'Grüße, 世界 🎉\u2028"\\');
      await store.set('key', entry);
      expect(await store.get('key')).toEqual(entry);
    });

    it('has nothing under another key', async () => {
      const { store, clock } = subject;
      await store.set('key', cacheEntry(clock));
      expect(await store.get('yek')).toBeUndefined();
    });

    it('keeps the last of two entries', async () => {
      const { store, clock } = subject;
      await store.set('key', cacheEntry(clock, 60_000, 'first'));
      await store.set('key', cacheEntry(clock, 60_000, 'second'));
      expect((await store.get('key'))?.response.content).toEqual([{ type: 'text', text: 'second' }]);
    });

    it('forgets an entry when it expires, and does not keep one that has', async () => {
      const { store, clock, pass } = subject;
      await store.set('short', cacheEntry(clock, 150));
      await store.set('dead', cacheEntry(clock, 0));
      expect(await store.get('short')).toBeDefined();
      expect(await store.get('dead')).toBeUndefined();
      await pass(200);
      expect(await store.get('short')).toBeUndefined();
    });

    it('deletes, also what is not there', async () => {
      const { store, clock } = subject;
      await store.set('key', cacheEntry(clock));
      await store.delete('key');
      await store.delete('key');
      expect(await store.get('key')).toBeUndefined();
    });

    it('is not changed by who holds the entry', async () => {
      const { store, clock } = subject;
      const entry = cacheEntry(clock);
      await store.set('key', entry);
      (entry.response.notices as string[]).push('changed');
      const found = await store.get('key');
      try {
        (found?.response.notices as string[] | undefined)?.push('changed');
      } catch {
        // Frozen is one way to hold the promise.
      }
      expect((await store.get('key'))?.response.notices).toEqual(['a notice']);
    });
  });
}
