import { describe, expect, it } from '@jest/globals';
import type { CallEvent } from '../../src/core/events.js';
import { modelId, region, type Target } from '../../src/core/target.js';
import { conversationKeys } from '../../src/routing/conversation-key.js';
import { createPerformanceTracker } from '../../src/routing/performance-tracker.js';
import { fakeClock } from '../support/fake-clock.js';
import { request } from './routing-fixtures.js';

const target: Target = { model: modelId('m'), region: region('us-east-1') };
const origin = { requestId: 'r', caller: 'c', atMs: 0 };
const started: CallEvent = { type: 'attempt-started', target, number: 1 };
const ended = (latencyMs: number): CallEvent => ({
  type: 'attempt-ended',
  target,
  number: 1,
  outcome: 'succeeded',
  latencyMs,
});
const throttled: CallEvent = {
  type: 'attempt-ended',
  target,
  number: 1,
  outcome: 'failed',
  failure: { category: 'rate_limit', message: 'x' },
  latencyMs: 5,
};

describe('the load of a target', () => {
  it('counts calls in flight, never below none', () => {
    const tracker = createPerformanceTracker({ clock: fakeClock() });
    expect(tracker.loadOf(target)).toEqual({ inFlight: 0, throttleRate: 0 });
    for (const event of [started, started, ended(100), ended(100), ended(100)]) tracker.onCallEvent(event, origin);
    tracker.onCallEvent(started, origin);
    expect(tracker.loadOf(target)).toMatchObject({ inFlight: 1, latencyMs: 100 });
  });

  it('remembers throttling for a while', async () => {
    const clock = fakeClock();
    const tracker = createPerformanceTracker({ clock });
    for (let index = 0; index < 30; index += 1) tracker.onCallEvent(throttled, origin);
    expect(tracker.loadOf(target).throttleRate).toBeGreaterThan(0.9);
    await clock.advance(180_000);
    expect(tracker.loadOf(target).throttleRate).toBeLessThan(0.06);
  });

  it('falls back to its usual latency when it was slow and then left alone', async () => {
    const clock = fakeClock();
    const tracker = createPerformanceTracker({ clock });
    for (let index = 0; index < 50; index += 1) tracker.onCallEvent(ended(500), origin);
    for (let index = 0; index < 5; index += 1) tracker.onCallEvent(ended(6_000), origin);
    expect(tracker.of(target)?.latencyMs).toBeGreaterThan(4_000);
    await clock.advance(120_000);
    expect(tracker.of(target)?.latencyMs).toBeLessThan(1_300);
  });

  it('has a version that grows with everything learned', () => {
    const tracker = createPerformanceTracker({ clock: fakeClock() });
    const versions = [started, ended(1), { type: 'cache-missed' } as const].map((event) => {
      tracker.onCallEvent(event, origin);
      return tracker.version();
    });
    expect(versions).toEqual([1, 2, 2]);
  });
});

describe('the keys of a request', () => {
  const turn = (role: string, content: unknown) => ({ role, content });
  const keys = (messages: unknown[], caller = 'ada', fields = {}) =>
    conversationKeys(request({ messages, ...fields }), caller, 7);
  const first = turn('user', 'Hello');

  it('name a conversation by its beginning, and a request by all that matters', () => {
    const [start, later] = [keys([first]), keys([first, turn('assistant', 'Hi'), turn('user', 'More')])];
    expect(later.conversation).toBe(start.conversation);
    expect(later.fingerprint).not.toBe(start.fingerprint);
    expect(keys([first])).toEqual(start);
  });

  it.each([
    ['caller', keys([first], 'bob')],
    ['system text', keys([first], 'ada', { system: 'Be brief.' })],
    ['first words', keys([turn('user', 'Hallo')])],
    [
      'attachment',
      keys([
        turn('user', [
          { type: 'text', text: 'Hello' },
          { type: 'image', format: 'png', data: 'AAAA' },
        ]),
      ]),
    ],
    ['end of a long text', keys([turn('user', `Hello${' '.repeat(9_000)}!`)])],
  ])('differ with another %s', (_, other) => {
    expect(other.conversation).not.toBe(keys([first]).conversation);
  });
});
