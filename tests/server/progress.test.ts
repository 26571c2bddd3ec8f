import { describe, expect, it } from '@jest/globals';
import type { CallEvent } from '../../src/core/events.js';
import { progressMessage } from '../../src/core/progress-message.js';
import { createProgressReporter } from '../../src/server/progress.js';
import { fakeClock } from '../support/fake-clock.js';
import { decision, firstTarget, secondTarget } from '../support/fake-service.js';

const retry: CallEvent = { type: 'retry-scheduled', target: firstTarget, delayMs: 1_250, category: 'rate_limit' };

describe('progress messages', () => {
  it.each<[CallEvent, string | undefined]>([
    [{ type: 'route-decided', decision }, 'Chose us.amazon.nova-pro-v1:0 for code'],
    [{ type: 'route-decided', decision: { ...decision, candidates: [] } }, undefined],
    [
      { type: 'attempt-started', target: firstTarget, number: 2 },
      'Asking us.amazon.nova-pro-v1:0 in us-east-1, attempt 2',
    ],
    [retry, 'Trying us.amazon.nova-pro-v1:0 again in 1.3 s after rate_limit'],
    [
      { type: 'fallback-chosen', from: firstTarget, to: secondTarget, category: 'timeout' },
      'Moving from us.amazon.nova-pro-v1:0 to meta.llama3-8b-instruct-v1:0 after timeout',
    ],
    [{ type: 'cache-hit', tier: 'memory', saved: 1 }, 'Answered from the cache'],
    [{ type: 'cache-missed' }, undefined],
  ])('%j', (event, message) => expect(progressMessage(event)).toBe(message));
});

function reporter() {
  const clock = fakeClock();
  const sent: { progress: number; message: string; atMs: number }[] = [];
  const progress = createProgressReporter({
    clock,
    send: (value, message) => {
      sent.push({ progress: value, message, atMs: clock.monotonicMs() });
      return Promise.resolve();
    },
  });
  return { clock, sent, progress };
}

const attempt = (number: number): CallEvent => ({ type: 'attempt-started', target: firstTarget, number });

describe('progress of a call', () => {
  it('beats while nothing happens, and rises', async () => {
    const { clock, sent, progress } = reporter();
    progress.onEvent(attempt(1));
    for (let step = 0; step < 24; step += 1) await clock.advance(500);
    progress.stop();
    const gaps = sent.slice(1).map(({ atMs }, index) => atMs - (sent[index]?.atMs ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000);
    expect(sent.map(({ progress: value }) => value)).toEqual(sent.map((_, index) => index + 1));
    expect(sent.at(-1)?.message).toBe('Asking us.amazon.nova-pro-v1:0 in us-east-1, attempt 1 (12 s)');
  });

  it('sends at most four a second, and the newest of a burst', async () => {
    const { clock, sent, progress } = reporter();
    for (let number = 1; number <= 100; number += 1) {
      progress.onEvent(attempt(number));
      await clock.advance(10);
    }
    await clock.advance(250);
    progress.stop();
    expect(sent.length).toBeLessThanOrEqual(6);
    expect(sent.at(-1)?.message).toContain('attempt 100');
  });

  it('says nothing after the call has ended', async () => {
    const { clock, sent, progress } = reporter();
    progress.onEvent(attempt(1));
    progress.onEvent(attempt(2));
    progress.stop();
    progress.onEvent(attempt(3));
    await clock.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  it('does not fail with its client', async () => {
    const clock = fakeClock();
    const progress = createProgressReporter({ clock, send: () => Promise.reject(new Error('client is gone')) });
    progress.onEvent(attempt(1));
    await clock.advance(5_000);
    progress.stop();
  });
});
