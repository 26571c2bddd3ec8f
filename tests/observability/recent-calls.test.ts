import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { CallEvent } from '../../src/core/events.js';
import { createProfiler } from '../../src/observability/profiler.js';
import { createRecentCalls } from '../../src/observability/recent-calls.js';
import { fakeClock } from '../support/fake-clock.js';
import { decision, firstTarget, usage } from '../support/fake-service.js';

const caller = { id: 'a', tenant: 't' };
const failure = { category: 'rate_limit', message: 'slow down' } as const;
const response = {
  content: [{ type: 'text' as const, text: 'canary' }],
  stopReason: 'end_turn' as const,
  usage,
  served: firstTarget,
  source: 'bedrock' as const,
  notices: [],
};
const life: readonly (readonly [afterMs: number, event: CallEvent])[] = [
  [0, { type: 'call-started', tool: 'bedrock_invoke' }],
  [2, { type: 'cache-missed' }],
  [1, { type: 'route-decided', decision }],
  [1, { type: 'cost-reserved', target: firstTarget, amount: 5 }],
  [10, { type: 'attempt-started', target: firstTarget, number: 1 }],
  [50, { type: 'attempt-ended', target: firstTarget, number: 1, outcome: 'failed', failure, latencyMs: 50 }],
  [0, { type: 'retry-scheduled', target: firstTarget, delayMs: 100, category: 'rate_limit' }],
  [100, { type: 'attempt-started', target: firstTarget, number: 2 }],
  [
    700,
    {
      type: 'attempt-ended',
      target: firstTarget,
      number: 2,
      outcome: 'succeeded',
      latencyMs: 700,
      timeToFirstTokenMs: 200,
    },
  ],
  [3, { type: 'cost-settled', target: firstTarget, cost: { nanoUsd: 7, estimated: false } }],
  [1, { type: 'call-succeeded', response, latencyMs: 868 }],
];

async function play(events = life, { capacity = 10, requestId = 'r' } = {}) {
  const clock = fakeClock();
  const calls = createRecentCalls({ clock, capacity });
  for (const [afterMs, event] of events) {
    await clock.advance(afterMs);
    calls.onCallEvent(event, { requestId, caller: caller.id, atMs: clock.nowMs() });
  }
  return { calls, clock };
}

describe('the trace of a call', () => {
  it('names where the time went, to the last millisecond', async () => {
    const { calls } = await play();
    const trace = calls.trace('r', caller);
    expect(trace.phases).toEqual([
      { phase: 'admission_and_cache', ms: 2 },
      { phase: 'routing', ms: 1 },
      { phase: 'budget', ms: 1 },
      { phase: 'target_queue', ms: 10 },
      { phase: 'first_token', ms: 200 },
      { phase: 'generation', ms: 500 },
      { phase: 'failed_attempts', ms: 50 },
      { phase: 'retry_wait', ms: 100 },
      { phase: 'booking', ms: 4 },
    ]);
    expect(trace.phases.reduce((sum, { ms }) => sum + ms, 0)).toBe(trace.totalMs);
    expect(trace).toMatchObject({ status: 'succeeded', totalMs: 868, bottleneck: { phase: 'generation' } });
    expect(trace.record).toMatchObject({
      attempts: [{ outcome: 'failed' }, { outcome: 'succeeded' }],
      cost: { nanoUsd: 7 },
    });
    expect(trace.steps).toHaveLength(life.length);
  });

  it('holds nothing of what the model said', async () => {
    const { calls } = await play();
    expect(JSON.stringify(calls.trace('r', caller))).not.toContain('canary');
  });

  it('is told while the call still runs', async () => {
    const { calls, clock } = await play(life.slice(0, 3));
    await clock.advance(500);
    expect(calls.trace('r', caller)).toMatchObject({ status: 'running', totalMs: 503 });
  });

  it('exists for its caller only', async () => {
    const { calls } = await play();
    for (const ask of [() => calls.trace('r', { id: 'b', tenant: 't' }), () => calls.trace('other', caller)]) {
      expect(ask).toThrow('No recent call has this request_id.');
    }
    expect(calls.recent({ id: 'b', tenant: 't' }, 10)).toEqual([]);
  });

  it('is one of a bounded number, with a bounded number of steps and always its end', async () => {
    const { calls, clock } = await play([
      ...life.slice(0, 2),
      ...Array.from({ length: 300 }, () => [0, { type: 'cache-missed' }] as const),
      [0, { type: 'call-failed', failure, latencyMs: 1 }],
    ]);
    expect(calls.trace('r', caller).steps).toHaveLength(101);
    expect(calls.trace('r', caller).status).toBe('failed');
    for (let id = 0; id < 10; id += 1) {
      calls.onCallEvent({ type: 'call-started', tool: 'x' }, { requestId: `${id}`, caller: 'a', atMs: clock.nowMs() });
    }
    expect(calls.recent(caller, 100).map(({ requestId }) => requestId)).not.toContain('r');
    expect(calls.recent(caller, 2).map(({ requestId }) => requestId)).toEqual(['9', '8']);
  });
});

describe('a profile', () => {
  it('names the function that keeps the process busy, one profile at a time', async () => {
    const profile = createProfiler({ clock: systemClock });
    const { signal } = new AbortController();
    let busy = true;
    const keepProcessBusy = () => {
      const untilMs = performance.now() + 20;
      while (performance.now() < untilMs) Math.hypot(Math.random(), 1);
      if (busy) setImmediate(keepProcessBusy);
    };
    const taken = profile(2, signal);
    keepProcessBusy();
    await expect(profile(0.1, signal)).rejects.toMatchObject({ category: 'rate_limit' });
    const { hot, cpu, rssBytes } = await taken;
    busy = false;
    expect(hot.map(({ name }) => name)).toContain('keepProcessBusy');
    expect(cpu).toBeGreaterThan(0);
    expect(rssBytes).toBeGreaterThan(1e6);
    for (const { place } of hot) expect(place).not.toContain('/');
  });

  it('ends with its caller', async () => {
    const profile = createProfiler({ clock: systemClock });
    const leaving = new AbortController();
    const taken = profile(30, leaving.signal);
    setTimeout(() => leaving.abort(), 50);
    await expect(taken).rejects.toMatchObject({ category: 'cancelled' });
    expect((await profile(0.05, new AbortController().signal)).seconds).toBeGreaterThan(0);
  });
});
