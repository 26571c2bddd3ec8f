import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { callerKey } from '../../src/core/caller-key.js';
import { type Session, summaryOf } from '../../src/core/sessions.js';
import type { SessionStore } from '../../src/sessions/session-store.js';

const nowMs = Date.now();
export const aSession = (overrides: Partial<Session> = {}): Session => ({
  id: 's1',
  owner: { id: 'a', tenant: 't' },
  sharedWith: [],
  messages: [{ role: 'user', content: 'hällo' }],
  createdAtMs: nowMs,
  updatedAtMs: nowMs,
  expiresAtMs: nowMs + 60_000,
  version: 1,
  ...overrides,
});
const keyOf = (id: string, tenant = 't') => callerKey({ id, tenant });

/** What every store of sessions does. */
export function sessionStoreContract(name: string, open: () => Promise<SessionStore>): void {
  describe(`${name} keeps sessions`, () => {
    let store: SessionStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.close());

    it('as they were put', async () => {
      expect(await store.find('s1')).toBeUndefined();
      expect(await store.put(aSession({ title: 'T', system: 'S' }))).toBe(true);
      expect(await store.find('s1')).toEqual(aSession({ title: 'T', system: 'S' }));
    });

    it('and takes a change only of the state it has', async () => {
      await store.put(aSession());
      expect(await store.put(aSession())).toBe(false);
      expect(await store.put(aSession({ version: 3 }))).toBe(false);
      expect(await store.put(aSession({ version: 2, title: 'changed' }))).toBe(true);
      expect((await store.find('s1'))?.title).toBe('changed');
    });

    it('and lets one of many changes at once through', async () => {
      await store.put(aSession());
      const done = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.put(aSession({ version: 2, title: `${index}` }))),
      );
      expect(done.filter(Boolean)).toHaveLength(1);
    });

    it('and lists those of a caller, the latest change first', async () => {
      await store.put(aSession({ id: 'old' }));
      await store.put(aSession({ id: 'new', updatedAtMs: nowMs + 1 }));
      await store.put(
        aSession({ id: 'shared', owner: { id: 'b', tenant: 't' }, sharedWith: ['a'], updatedAtMs: nowMs + 2 }),
      );
      await store.put(aSession({ id: 'foreign', owner: { id: 'b', tenant: 't' } }));
      await store.put(aSession({ id: 'elsewhere', owner: { id: 'a', tenant: 'other' } }));
      const listed = await store.list(keyOf('a'), 10);
      expect(listed.map(({ id }) => id)).toEqual(['shared', 'new', 'old']);
      expect(listed[1]).toEqual(summaryOf(aSession({ id: 'new', updatedAtMs: nowMs + 1 })));
      expect((await store.list(keyOf('a'), 1)).map(({ id }) => id)).toEqual(['shared']);
      expect(await store.list(keyOf('nobody'), 10)).toEqual([]);
    });

    it('until they are removed or expire', async () => {
      await store.put(aSession());
      await store.remove('s1');
      expect(await store.find('s1')).toBeUndefined();
      expect(await store.list(keyOf('a'), 10)).toEqual([]);
      await store.put(aSession({ expiresAtMs: nowMs - 1 }));
      expect(await store.find('s1')).toBeUndefined();
      expect(await store.put(aSession())).toBe(true);
    });
  });
}
