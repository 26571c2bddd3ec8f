import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import type { ServerEvent } from '../../src/core/events.js';
import { modelId, region, type Target } from '../../src/core/target.js';
import type { AttemptOutcome } from '../../src/resilience/circuit.js';
import { createCircuitBreakers } from '../../src/resilience/circuit-breakers.js';

const target: Target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const success: AttemptOutcome = { ok: true };
const failure: AttemptOutcome = { ok: false, weight: 1, why: 'model_error' };
const throttled: AttemptOutcome = { ok: false, weight: 0.2, why: 'rate_limit' };
const callerMistake: AttemptOutcome = { ok: false, weight: 0, why: 'validation' };

describe('circuit breakers', () => {
  let events: ServerEvent[];
  const create = (overrides = {}) =>
    createCircuitBreakers({ clock: systemClock, onServerEvent: (event) => events.push(event), ...overrides });
  type Breakers = ReturnType<typeof create>;

  const report = async (breakers: Breakers, outcome: AttemptOutcome, times = 1) => {
    for (let count = 0; count < times; count += 1) {
      const admission = breakers.admit(target);
      if (!admission.admitted) throw new Error('not admitted');
      admission.report(outcome);
      await jest.advanceTimersByTimeAsync(0);
    }
  };
  const stateOf = (breakers: Breakers) => breakers.stateOf(target).state;

  beforeEach(() => {
    events = [];
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('opens by error rate, only over the volume threshold', async () => {
    const breakers = create();
    await report(breakers, failure, 9);
    expect(stateOf(breakers)).toBe('closed');
    await report(breakers, failure);
    expect(breakers.stateOf(target)).toMatchObject({ state: 'open', why: 'model_error', retryAfterMs: 5_000 });
    expect(breakers.admit(target)).toEqual({ admitted: false, retryAfterMs: 5_000 });
  });

  it('stays closed while at least half of the calls succeed', async () => {
    const breakers = create();
    for (let round = 0; round < 20; round += 1) {
      await report(breakers, success);
      await report(breakers, failure);
    }
    expect(stateOf(breakers)).toBe('closed');
  });

  it('counts five throttled calls as one failure and mistakes of the caller not at all', async () => {
    const breakers = create();
    await report(breakers, callerMistake, 100);
    await report(breakers, throttled, 49);
    expect(stateOf(breakers)).toBe('closed');
    await report(breakers, throttled);
    expect(stateOf(breakers)).toBe('open');
  });

  it('lets exactly one probe through when half open, and closes on its success', async () => {
    const breakers = create();
    await report(breakers, failure, 10);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(stateOf(breakers)).toBe('half-open');
    const probe = breakers.admit(target);
    expect(breakers.admit(target)).toEqual({ admitted: false, retryAfterMs: 1_000 });
    if (probe.admitted) probe.report(success);
    await jest.advanceTimersByTimeAsync(0);
    expect(stateOf(breakers)).toBe('closed');
    await report(breakers, failure);
    expect(stateOf(breakers)).toBe('closed');
    expect(events.map((event) => event.type === 'breaker-changed' && event.state)).toEqual([
      'open',
      'half-open',
      'closed',
    ]);
  });

  it('neither closes nor opens on a probe that says nothing, and admits the next one', async () => {
    const breakers = create();
    await report(breakers, failure, 10);
    await jest.advanceTimersByTimeAsync(5_000);
    await report(breakers, callerMistake);
    expect(stateOf(breakers)).toBe('half-open');
    await report(breakers, success);
    expect(stateOf(breakers)).toBe('closed');
  });

  it('rests twice as long after each failed probe, up to a minute', async () => {
    const breakers = create();
    await report(breakers, failure, 10);
    for (const restMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(breakers.stateOf(target).retryAfterMs).toBe(restMs);
      await jest.advanceTimersByTimeAsync(restMs - 1);
      expect(stateOf(breakers)).toBe('open');
      await jest.advanceTimersByTimeAsync(1);
      await report(breakers, failure);
    }
  });

  it('ignores the late success of a call that was admitted before the breaker opened', async () => {
    const breakers = create();
    const early = breakers.admit(target);
    await report(breakers, failure, 10);
    await jest.advanceTimersByTimeAsync(5_000);
    if (early.admitted) early.report(success);
    await jest.advanceTimersByTimeAsync(0);
    expect(stateOf(breakers)).toBe('half-open');
  });

  it('as the last resort lets one early probe through each second, whose success closes it', async () => {
    const breakers = create();
    await report(breakers, failure, 10);
    const probe = breakers.admit(target, true);
    expect(breakers.admit(target, true)).toEqual({ admitted: false, retryAfterMs: 1_000 });
    if (probe.admitted) probe.report(failure);
    expect(breakers.admit(target, true)).toEqual({ admitted: false, retryAfterMs: 1_000 });
    expect(breakers.admit(target)).toEqual({ admitted: false, retryAfterMs: 5_000 });
    await jest.advanceTimersByTimeAsync(1_000);
    const second = breakers.admit(target, true);
    if (second.admitted) second.report(success);
    await jest.advanceTimersByTimeAsync(0);
    expect(stateOf(breakers)).toBe('closed');
  });

  it('does not rest longer and longer for throttling', async () => {
    const breakers = create();
    await report(breakers, throttled, 50);
    for (let round = 0; round < 5; round += 1) {
      expect(breakers.stateOf(target).retryAfterMs).toBe(5_000);
      await jest.advanceTimersByTimeAsync(5_000);
      await report(breakers, throttled);
    }
  });

  it('keeps a bounded number of breakers and forgets closed ones first', async () => {
    const breakers = create({ maxBreakers: 2, volumeThreshold: 1 });
    await report(breakers, failure);
    for (const name of ['b', 'c', 'd']) breakers.admit({ model: modelId(name), region: region('us-east-1') });
    expect(breakers.states()).toHaveLength(2);
    expect(breakers.states()[0]).toMatchObject({ target, state: 'open' });
    breakers.close();
    expect(breakers.states()).toEqual([]);
  });

  describe('hints of other servers', () => {
    const opened = { target, state: 'open', why: 'model_error' } as const;
    const changes = () =>
      events.map((event) => event.type === 'breaker-changed' && [event.state, event.hinted === true]);

    it('keep calls away for a second; then a probe of its own decides, and neither is told on', async () => {
      const breakers = create();
      breakers.hint(opened);
      expect(breakers.stateOf(target)).toMatchObject({
        state: 'open',
        why: 'model_error, as another server found',
        retryAfterMs: 1_000,
      });
      await jest.advanceTimersByTimeAsync(1_000);
      expect(stateOf(breakers)).toBe('half-open');
      await report(breakers, success);
      expect(stateOf(breakers)).toBe('closed');
      expect(changes()).toEqual([
        ['open', true],
        ['half-open', true],
        ['closed', true],
      ]);
    });

    it('become own experience when the probe fails, with the rest of a first failure', async () => {
      const breakers = create();
      breakers.hint(opened);
      await jest.advanceTimersByTimeAsync(1_000);
      await report(breakers, failure);
      expect(breakers.stateOf(target)).toMatchObject({ state: 'open', why: 'model_error', retryAfterMs: 5_000 });
      expect(changes().at(-1)).toEqual(['open', false]);
      await jest.advanceTimersByTimeAsync(5_000);
      await report(breakers, failure);
      expect(breakers.stateOf(target).retryAfterMs).toBe(10_000);
    });

    it('are not believed of a target that has just answered here', async () => {
      const breakers = create();
      await report(breakers, success);
      breakers.hint(opened);
      expect(stateOf(breakers)).toBe('closed');
      await jest.advanceTimersByTimeAsync(1_000);
      breakers.hint(opened);
      expect(stateOf(breakers)).toBe('open');
    });

    it('of a recovery let one probe through before the rest is over', async () => {
      const breakers = create();
      await report(breakers, failure, 10);
      breakers.hint({ ...opened, state: 'closed' });
      expect(stateOf(breakers)).toBe('half-open');
      const probe = breakers.admit(target);
      expect(breakers.admit(target).admitted).toBe(false);
      if (probe.admitted) probe.report(failure);
      expect(breakers.stateOf(target)).toMatchObject({ state: 'open', retryAfterMs: 5_000 });
      breakers.hint({ ...opened, state: 'closed' });
      await report(breakers, success);
      expect(stateOf(breakers)).toBe('closed');
    });

    it('of a recovery say nothing of a target that was never called here', () => {
      const breakers = create();
      breakers.hint({ ...opened, state: 'closed' });
      expect(breakers.states()).toEqual([]);
    });
  });
});
