import { describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.js';
import type { ServerEvent } from '../../src/core/events.js';
import { createStoreGuard } from '../../src/storage/store-guard.js';
import { fakeClock } from '../support/fake-clock.js';

const never = () => new Promise<never>(() => undefined);

function guarded(clock: Clock = fakeClock(), probe: () => Promise<unknown> = never) {
  const events: ServerEvent[] = [];
  const onServerEvent = (event: ServerEvent) => events.push(event);
  return { events, guard: createStoreGuard({ store: 'test', timeoutMs: 100, clock, onServerEvent, probe }) };
}

/** Time that passes while the process goes on with other things. */
async function pass(clock: ReturnType<typeof fakeClock>, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 25) await clock.advance(25);
}

describe('the guard of a store', () => {
  it('begins no more operations than it can bear, and none after the first failure', async () => {
    const clock = fakeClock();
    const { guard, events } = guarded(clock);
    let begun = 0;
    const run = () =>
      guard.run(() => {
        begun += 1;
        return never();
      });
    const many = Array.from({ length: 3_000 }, run);
    expect(begun).toBe(512);
    await pass(clock, 100);
    expect(await Promise.all(many)).toEqual(many.map(() => undefined));
    expect(events).toEqual([{ type: 'store-degraded', store: 'test', why: 'no answer within 100 ms' }]);
    await Promise.all(Array.from({ length: 3_000 }, run));
    expect(begun).toBe(512);
  });

  it('lets nobody wait for a probe, and is in use again after one that is answered', async () => {
    const clock = fakeClock();
    let answers = false;
    const { guard, events } = guarded(clock, () => (answers ? Promise.resolve() : Promise.reject(new Error('down'))));
    const run = () => guard.run(() => (answers ? Promise.resolve('here') : Promise.reject(new Error('down'))));
    expect(await run()).toBeUndefined();
    for (const ms of [1_000, 2_000]) {
      expect(guard.inUse()).toBe(false);
      await clock.advance(ms);
      expect(await run()).toBeUndefined();
      await clock.advance(0);
    }
    answers = true;
    await clock.advance(4_000);
    expect(await run()).toBeUndefined();
    await clock.advance(0);
    expect(await run()).toBe('here');
    expect(events.map(({ type }) => type)).toEqual(['store-degraded', 'store-recovered']);
  });

  it('does not take the lateness of its own process for that of the store', async () => {
    const { guard, events } = guarded(systemClock);
    const answer = guard.run(() => new Promise((resolve) => setTimeout(resolve, 20, 'here')));
    // As if a thousand calls had come in at once.
    const end = performance.now() + 300;
    while (performance.now() < end);
    expect(await answer).toBe('here');
    expect(events).toEqual([]);
  });
});
