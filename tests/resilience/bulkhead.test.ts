import { describe, expect, it } from '@jest/globals';
import { createBulkhead } from '../../src/resilience/bulkhead.js';
import { fakeClock } from '../support/fake-clock.js';

const signal = new AbortController().signal;

async function entered(entry: ReturnType<ReturnType<typeof createBulkhead>['enter']>) {
  const result = await entry;
  if (!result.entered) throw new Error('not entered');
  return result;
}

describe('a bulkhead', () => {
  const create = (clock = fakeClock()) => createBulkhead({ limit: 2, maxQueued: 2, clock });

  it('lets so many in, the next in order as places come free, and counts a place given back once', async () => {
    const bulkhead = create();
    const [first] = [await entered(bulkhead.enter(0, signal)), await entered(bulkhead.enter(0, signal))];
    const order: string[] = [];
    const waiting = ['a', 'b'].map((name) => entered(bulkhead.enter(1_000, signal)).then(() => order.push(name)));
    expect(await bulkhead.enter(1_000, signal)).toMatchObject({ entered: false });
    expect([bulkhead.running, bulkhead.waiting]).toEqual([2, 2]);
    first.leave();
    first.leave();
    await waiting[0];
    expect(order).toEqual(['a']);
    expect([bulkhead.running, bulkhead.waiting]).toEqual([2, 1]);
  });

  it('lets nobody wait longer than it is worth', async () => {
    const clock = fakeClock();
    const bulkhead = create(clock);
    const running = [await entered(bulkhead.enter(0, signal)), await entered(bulkhead.enter(0, signal))];
    const impatient = bulkhead.enter(100, signal);
    await clock.advance(100);
    expect(await impatient).toMatchObject({ entered: false });
    await clock.advance(900);
    for (const { leave } of running) leave();
    await entered(bulkhead.enter(0, signal));
    await entered(bulkhead.enter(0, signal));
    // Calls last about a second here, so half a second is not enough for a place.
    expect(await bulkhead.enter(400, signal)).toEqual({ entered: false, retryAfterMs: 500 });
    expect(bulkhead.waiting).toBe(0);
  });

  it('forgets who gives up', async () => {
    const bulkhead = create();
    await entered(bulkhead.enter(0, signal));
    await entered(bulkhead.enter(0, signal));
    const controller = new AbortController();
    const waiting = bulkhead.enter(1_000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ category: 'cancelled' });
    await expect(bulkhead.enter(1_000, controller.signal)).rejects.toMatchObject({ category: 'cancelled' });
    expect(bulkhead.waiting).toBe(0);
  });
});
