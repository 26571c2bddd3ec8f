import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { createConcurrencyGate } from '../../src/security/concurrency-gate.js';
import { fakeClock } from '../support/fake-clock.js';

const patient = { signal: new AbortController().signal, deadlineMs: Number.POSITIVE_INFINITY };

describe('concurrency gate', () => {
  it('lets waiting calls in, first come first served, never more than the limit', async () => {
    const clock = fakeClock();
    const gate = createConcurrencyGate({ limit: 2, maxQueued: 10, clock });
    const entered: number[] = [];
    let running = 0;
    let most = 0;
    const call = async (name: number) => {
      const leave = await gate.enter(patient);
      entered.push(name);
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(10);
      running -= 1;
      leave();
      leave();
    };
    const calls = [1, 2, 3, 4, 5, 6].map(call);
    for (let tick = 0; tick < 3; tick += 1) await clock.advance(10);
    await Promise.all(calls);
    expect(entered).toEqual([1, 2, 3, 4, 5, 6]);
    expect(most).toBe(2);
  });

  it('refuses at once when the queue is full, with the time after which a place is likely', async () => {
    const clock = fakeClock();
    const gate = createConcurrencyGate({ limit: 1, maxQueued: 1, clock });
    const leave = await gate.enter(patient);
    await clock.advance(4_000);
    leave();
    await gate.enter(patient);
    void gate.enter(patient);
    await expect(gate.enter(patient)).rejects.toMatchObject({
      category: 'rate_limit',
      reason: 'overloaded',
      retryAfterMs: 8_000,
    });
  });

  it('does not queue a call whose deadline would pass first', async () => {
    const clock = fakeClock();
    const gate = createConcurrencyGate({ limit: 1, maxQueued: 10, clock });
    (
      await gate.enter(patient).then(async (leave) => {
        await clock.advance(500);
        return leave;
      })
    )();
    await gate.enter(patient);
    const deadlineMs = clock.monotonicMs() + 499;
    await expect(gate.enter({ ...patient, deadlineMs })).rejects.toMatchObject({ reason: 'overloaded' });
  });

  it('lets go of a waiting call that is aborted, and gives the place to the next', async () => {
    const gate = createConcurrencyGate({ limit: 1, maxQueued: 10, clock: fakeClock() });
    const leave = await gate.enter(patient);
    const caller = new AbortController();
    const deadline = new AbortController();
    const first = gate.enter({ ...patient, signal: caller.signal });
    const second = gate.enter({ ...patient, signal: deadline.signal });
    const third = gate.enter(patient);
    caller.abort();
    deadline.abort(new ServiceError('timeout', 'too late'));
    await expect(first).rejects.toMatchObject({ category: 'cancelled' });
    await expect(second).rejects.toMatchObject({ category: 'timeout' });
    leave();
    await expect(third).resolves.toBeInstanceOf(Function);
    await expect(gate.enter({ ...patient, signal: caller.signal })).rejects.toMatchObject({ category: 'cancelled' });
  });
});
