import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../../../src/caching/stores/memory-store.js';
import { cacheEntry, cacheStoreContract } from '../../contracts/cache-store-contract.js';
import { fakeClock, fakeRandom } from '../../support/fake-clock.js';

cacheStoreContract('memory', async () => {
  const clock = fakeClock();
  return { store: createMemoryStore({ maxBytes: 1_000_000, clock }), clock, pass: (ms) => clock.advance(ms) };
});

describe('the memory store', () => {
  const maxBytes = 200_000;

  it('stays within its bytes under entries of all sizes, and counts what it drops', async () => {
    const clock = fakeClock();
    const store = createMemoryStore({ maxBytes, clock });
    const random = fakeRandom(11);
    for (let index = 0; index < 2_000; index += 1) {
      const letter = random.next() < 0.5 ? 'a' : '世';
      const size = Math.floor(random.next() ** 4 * 60_000);
      await store.set(`key-${Math.floor(random.next() * 500)}`, cacheEntry(clock, 60_000, letter.repeat(size)));
      expect(store.stats().bytes).toBeLessThanOrEqual(maxBytes);
    }
    expect(store.stats().entries).toBeGreaterThan(5);
    expect(store.stats().evictions).toBeGreaterThan(100);
  });

  it('does not let one giant drive out everything else', async () => {
    const clock = fakeClock();
    const store = createMemoryStore({ maxBytes, clock });
    await store.set('small', cacheEntry(clock));
    await store.set('giant', cacheEntry(clock, 60_000, 'x'.repeat(100_000)));
    expect(await store.get('giant')).toBeUndefined();
    expect(await store.get('small')).toBeDefined();
  });

  it('drops what was not used for longest', async () => {
    const clock = fakeClock();
    const store = createMemoryStore({ maxBytes: 30_000, clock });
    for (const key of ['a', 'b', 'c']) {
      await store.set(key, cacheEntry(clock));
      await store.get('a');
    }
    for (let index = 0; store.stats().evictions === 0; index += 1) await store.set(`more-${index}`, cacheEntry(clock));
    expect(await store.get('a')).toBeDefined();
    expect(await store.get('b')).toBeUndefined();
  });
});
