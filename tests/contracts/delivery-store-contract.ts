import { beforeEach, describe, expect, it } from '@jest/globals';
import type { DeliveryStore } from '../../src/alerts/delivery-store.js';
import { anAlert } from '../alerts/an-alert.js';

const leaseMs = 60_000;

/** What every store of messages promises. `open` gives a new, empty one. */
export function deliveryStoreContract(name: string, open: () => Promise<DeliveryStore>): void {
  describe(`${name} as a store of messages`, () => {
    let store: DeliveryStore;
    beforeEach(async () => {
      store = await open();
    });

    it('gives what is due to one, oldest first, and again when the lease is over', async () => {
      await store.add('1', anAlert({ key: 'a' }), 1_000);
      await store.add('2', anAlert({ key: 'b' }), 2_000);
      await store.add('1', anAlert({ key: 'again' }), 2_500);
      expect(await store.claim(999, leaseMs)).toBeUndefined();
      expect(await store.claim(3_000, leaseMs)).toEqual({ id: '1', alert: anAlert({ key: 'a' }), tries: 1 });
      expect(await store.claim(3_000, leaseMs)).toMatchObject({ id: '2', tries: 1 });
      expect(await store.claim(3_000, leaseMs)).toBeUndefined();
      expect(await store.claim(3_000 + leaseMs, leaseMs)).toMatchObject({ id: '1', tries: 2 });
      expect(await store.counts()).toEqual({ waiting: 2, dead: 0 });
    });

    it('forgets what was delivered', async () => {
      await store.add('1', anAlert(), 0);
      await store.claim(0, leaseMs);
      await store.delivered('1');
      expect(await store.counts()).toEqual({ waiting: 0, dead: 0 });
      expect(await store.claim(1e9, leaseMs)).toBeUndefined();
    });

    it('lets no alert end before its beginning was told', async () => {
      await store.add('1', anAlert({ status: 'firing' }), 0);
      await store.add('2', anAlert({ status: 'resolved' }), 0);
      await store.claim(0, leaseMs);
      await store.postpone('1', 5_000, 'away');
      expect(await store.claim(4_000, leaseMs)).toBeUndefined();
      expect(await store.claim(5_000, leaseMs)).toMatchObject({ id: '1', tries: 2 });
      await store.delivered('1');
      expect(await store.claim(5_000, leaseMs)).toMatchObject({ id: '2', tries: 1 });
    });

    it('keeps what was given up, newest first, until it is revived', async () => {
      for (const id of ['1', '2', '3']) {
        await store.add(id, anAlert({ key: id }), 0);
        await store.claim(0, leaseMs);
        await store.bury(id, 'gone', 1_000 * Number(id));
      }
      const dead = await store.dead();
      expect(dead.map(({ id }) => id)).toEqual(['3', '2', '1']);
      expect(dead[0]).toEqual({ id: '3', alert: anAlert({ key: '3' }), tries: 1, why: 'gone', failedAtMs: 3_000 });
      expect(await store.revive(['2', 'unknown'], 9_000)).toBe(1);
      expect(await store.claim(9_000, leaseMs)).toMatchObject({ id: '2', tries: 1 });
      expect(await store.revive([], 9_000)).toBe(0);
      expect(await store.revive('all', 9_000)).toBe(2);
      expect(await store.counts()).toEqual({ waiting: 3, dead: 0 });
    });

    it('gives each message to one of many that ask at once', async () => {
      for (let index = 0; index < 10; index += 1) await store.add(`${index}`, anAlert({ key: `${index}` }), 0);
      const claimed = await Promise.all(Array.from({ length: 15 }, () => store.claim(0, leaseMs)));
      const ids = claimed.flatMap((delivery) => delivery?.id ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      // Who lost a race may find nothing; nothing is lost by it.
      while (await store.claim(0, leaseMs).then((found) => found && ids.push(found.id)));
      expect(ids.toSorted((left, right) => Number(left) - Number(right))).toEqual(
        Array.from({ length: 10 }, (_, index) => `${index}`),
      );
    });
  });
}
