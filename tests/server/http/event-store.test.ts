import { describe, expect, it } from '@jest/globals';
import { createSessionEvents } from '../../../src/server/http/event-store.js';
import { fakeClock } from '../../support/fake-clock.js';

const message = (text: string) => ({ jsonrpc: '2.0' as const, method: 'notifications/message', params: { text } });
const limits = { maxEvents: 3, maxBytes: 1_000, keepMs: 60_000 };

async function after(events: ReturnType<typeof createSessionEvents>, id: string): Promise<unknown[]> {
  const sent: unknown[] = [];
  await events.replayEventsAfter(id, {
    send: async (_, replayed) => {
      sent.push(replayed);
    },
  });
  return sent;
}

describe('events of a session', () => {
  it('come again after the one the client saw last, of the same stream only', async () => {
    const events = createSessionEvents(fakeClock(), { ...limits, maxEvents: 10 });
    const seen = await events.storeEvent('a', message('one'));
    await events.storeEvent('b', message('other'));
    await events.storeEvent('a', message('two'));
    await events.storeEvent('a', message('three'));
    expect(await after(events, seen)).toEqual([message('two'), message('three')]);
    expect(await events.getStreamIdForEventId?.(seen)).toBe('a');
  });

  it('are at most so many, so large and so old; what went is told from what never was', async () => {
    const clock = fakeClock();
    const events = createSessionEvents(clock, limits);
    const [first, second] = [await events.storeEvent('a', message('1')), await events.storeEvent('a', message('2'))];
    for (const text of ['3', '4']) await events.storeEvent('a', message(text));
    expect([events.stateOf(first), events.stateOf(second)]).toEqual(['expired', 'kept']);
    const large = await events.storeEvent('a', message('x'.repeat(900)));
    expect(events.stateOf(second)).toBe('expired');
    expect(events.stateOf(large)).toBe('kept');
    await clock.advance(60_000);
    expect(events.stateOf(large)).toBe('expired');
    for (const id of ['99', '0', '-1', 'x', '1e3', '']) expect(events.stateOf(id)).toBe('unknown');
  });

  it('larger than all that is kept are not kept', async () => {
    const events = createSessionEvents(fakeClock(), limits);
    const before = await events.storeEvent('a', message('1'));
    const huge = await events.storeEvent('a', message('x'.repeat(2_000)));
    expect([events.stateOf(before), events.stateOf(huge)]).toEqual(['expired', 'expired']);
    expect(events.stateOf(await events.storeEvent('a', message('2')))).toBe('kept');
  });
});
