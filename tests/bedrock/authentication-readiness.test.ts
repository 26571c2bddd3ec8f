import { describe, expect, it } from '@jest/globals';
import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { createAuthenticationReadiness } from '../../src/bedrock/authentication-readiness.js';
import { type ErrorCategory, ServiceError } from '../../src/core/errors.js';
import type { CallEvent, EventOrigin, ServerEvent } from '../../src/core/events.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';
import { nova } from './client-setup.js';

const origin: EventOrigin = { requestId: 'r', caller: 'c', atMs: 0 };
const ended = (category?: ErrorCategory): CallEvent => ({
  type: 'attempt-ended',
  target: nova,
  number: 1,
  latencyMs: 1,
  outcome: category ? 'failed' : 'succeeded',
  ...(category && { failure: { category, message: 'AWS does not know the credentials of this server.' } }),
});

/** `refusals`: what AWS says to each try; `undefined` once they are used up. */
function setUp(refusals: readonly (ErrorCategory | undefined)[]) {
  const clock = fakeClock();
  const left = [...refusals];
  const told: ServerEvent[] = [];
  let asked = 0;
  const authentication = createAuthenticationManager({ clock, accessKeyId: 'a', secretAccessKey: 's' });
  const readiness = createAuthenticationReadiness({
    authentication,
    clock,
    random: fakeRandom(),
    onServerEvent: (event) => told.push(event),
    verify: async () => {
      asked += 1;
      const category = left.shift();
      if (category) throw new ServiceError(category, 'Refused.', { remedy: 'Mend it.' });
    },
  });
  const settle = () => clock.advance(0).then(() => clock.advance(0));
  return { readiness, clock, settle, told, asked: () => asked };
}

describe('at start', () => {
  it('is unused until it begins, and ready after one good try', async () => {
    const { readiness, settle, asked } = setUp([]);
    expect(readiness.state()).toEqual({ phase: 'unused' });
    readiness.start();
    readiness.start();
    await settle();
    expect(readiness.state()).toEqual({ phase: 'ready' });
    expect(asked()).toBe(1);
  });

  it('tries three times with growing waits, is then not ready, and recovers by itself', async () => {
    const { readiness, clock, settle, asked } = setUp(Array(4).fill('authentication'));
    readiness.start();
    await settle();
    expect(readiness.state()).toMatchObject({ phase: 'starting', tries: 1 });
    await clock.advance(500);
    await settle();
    expect(readiness.state()).toMatchObject({ phase: 'starting', tries: 2 });
    await clock.advance(2_000);
    await settle();
    expect(readiness.state()).toMatchObject({ phase: 'not_ready', tries: 3, error: { remedy: 'Mend it.' } });
    await clock.advance(15_000);
    await settle();
    expect(readiness.state()).toMatchObject({ phase: 'not_ready', tries: 4 });
    await clock.advance(30_000);
    await settle();
    expect(readiness.state()).toEqual({ phase: 'ready' });
    expect(asked()).toBe(5);
  });

  it.each(['network', 'authorization', 'rate_limit'] as const)(
    'takes %s for no word on the credentials',
    async (why) => {
      const { readiness, settle, asked } = setUp([why]);
      readiness.start();
      await settle();
      expect(readiness.state()).toMatchObject({ phase: 'ready', unverified: { category: why } });
      expect(asked()).toBe(1);
    },
  );

  it('stops trying when it is closed', async () => {
    const { readiness, clock, settle, asked } = setUp(Array(9).fill('authentication'));
    readiness.start();
    await settle();
    readiness.close();
    await clock.advance(600_000);
    expect(asked()).toBe(1);
  });
});

describe('a call', () => {
  it('tells each change of readiness once', () => {
    const { readiness, told } = setUp([]);
    for (const event of [
      ended(),
      ended(),
      ended('authentication'),
      ended('authentication'),
      ended('network'),
      ended(),
    ]) {
      readiness.onCallEvent(event, origin);
    }
    readiness.close();
    expect(told.map((event) => event.type === 'readiness-changed' && event.ready)).toEqual([true, false, true]);
    expect(told[1]).toMatchObject({ why: 'AWS does not know the credentials of this server.' });
  });

  it('refused for its credentials ends readiness, until AWS takes them', async () => {
    const { readiness, clock, settle, asked } = setUp([]);
    readiness.onCallEvent(ended('authentication'), origin);
    readiness.onCallEvent(ended('authentication'), origin);
    expect(readiness.state()).toMatchObject({ phase: 'not_ready', error: { category: 'authentication' } });
    await clock.advance(15_000);
    await settle();
    expect(readiness.state()).toEqual({ phase: 'ready' });
    expect(asked()).toBe(1);
  });

  it('that succeeds makes ready at once', () => {
    const { readiness } = setUp([]);
    readiness.onCallEvent(ended('authentication'), origin);
    readiness.onCallEvent(ended(), origin);
    expect(readiness.state()).toEqual({ phase: 'ready' });
    readiness.close();
  });

  it('that fails otherwise says nothing about it', () => {
    const { readiness } = setUp([]);
    readiness.onCallEvent(ended('model_error'), origin);
    readiness.onCallEvent({ type: 'cache-missed' }, origin);
    expect(readiness.state()).toEqual({ phase: 'unused' });
  });
});
