import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BoundedQueue, createBoundedQueue, type Visit } from '../../src/core/bounded-queue.js';
import { ServiceError } from '../../src/core/errors.js';
import { type CallPriority, callPriorities } from '../../src/core/pipeline.js';
import { type FakeClock, fakeClock } from '../support/fake-clock.js';

const signal = new AbortController().signal;
const patient: Visit = { signal, patienceMs: Number.POSITIVE_INFINITY };
const refusal = (retryAfterMs: number) =>
  new ServiceError('rate_limit', 'no place', { reason: 'overloaded', retryAfterMs });

const create = (clock: FakeClock, limit = 1, maxQueued = 10) =>
  createBoundedQueue({ limit, maxQueued, clock, refusal });

/** Teaches the queue how long a call takes. */
async function learn(queue: BoundedQueue, clock: FakeClock, durationMs: number): Promise<void> {
  const leave = await queue.enter(patient);
  await clock.advance(durationMs);
  leave();
}

describe('a bounded queue', () => {
  it('lets so many in, the next in order as places come free, and counts a place given back once', async () => {
    const queue = create(fakeClock(), 2, 2);
    const [leave] = [await queue.enter(patient), await queue.enter(patient)];
    const order: string[] = [];
    const waiting = ['a', 'b'].map((name) => queue.enter(patient).then(() => order.push(name)));
    await expect(queue.enter(patient)).rejects.toMatchObject({ category: 'rate_limit', reason: 'overloaded' });
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    leave();
    leave();
    await waiting[0];
    expect(order).toEqual(['a']);
    expect([queue.running, queue.waiting]).toEqual([2, 1]);
  });

  it('refuses at once who cannot make it, with the time after which a place is likely', async () => {
    const clock = fakeClock();
    const queue = create(clock);
    await learn(queue, clock, 4_000);
    await queue.enter(patient);
    void queue.enter(patient);
    await expect(queue.enter({ signal, patienceMs: 7_999 })).rejects.toMatchObject({ retryAfterMs: 8_000 });
    expect(queue.waiting).toBe(1);
    void queue.enter({ signal, patienceMs: 8_000 });
    expect(queue.waiting).toBe(2);
  });

  it('lets nobody wait longer than it is worth', async () => {
    const clock = fakeClock();
    const queue = create(clock);
    await queue.enter(patient);
    const impatient = expect(queue.enter({ signal, patienceMs: 100 })).rejects.toMatchObject({ reason: 'overloaded' });
    await clock.advance(100);
    await impatient;
    expect(queue.waiting).toBe(0);
  });

  it('forgets who gives up, and gives the place to the next', async () => {
    const queue = create(fakeClock());
    const leave = await queue.enter(patient);
    const caller = new AbortController();
    const deadline = new AbortController();
    const first = queue.enter({ ...patient, signal: caller.signal });
    const second = queue.enter({ ...patient, signal: deadline.signal });
    const third = queue.enter(patient);
    caller.abort();
    deadline.abort(new ServiceError('timeout', 'too late'));
    await expect(first).rejects.toMatchObject({ category: 'cancelled' });
    await expect(second).rejects.toMatchObject({ category: 'timeout' });
    leave();
    await expect(third).resolves.toBeInstanceOf(Function);
    await expect(queue.enter({ ...patient, signal: caller.signal })).rejects.toMatchObject({ category: 'cancelled' });
  });
});

describe('priorities', () => {
  const enter = (queue: BoundedQueue, priority: CallPriority, order: string[] = [], name: string = priority) =>
    queue.enter({ ...patient, priority }).then((leave) => {
      order.push(name);
      return leave;
    });

  it('let interactive calls pass those of a batch, and both pass background work', async () => {
    const queue = create(fakeClock());
    let leave = await queue.enter(patient);
    const order: string[] = [];
    const priorities = ['background', 'batch', 'interactive', 'batch', 'interactive'] as const;
    const waiting = priorities.map((priority, index) => enter(queue, priority, order, `${priority} ${index}`));
    for (const index of [2, 4, 1, 3, 0]) {
      leave();
      leave = (await waiting[index]) as () => void;
    }
    expect(order).toEqual(['interactive 2', 'interactive 4', 'batch 1', 'batch 3', 'background 0']);
  });

  it('never keep a batch waiting for ever: after five seconds it goes before those who come', async () => {
    const clock = fakeClock();
    const queue = create(clock);
    const leave = await queue.enter(patient);
    const order: string[] = [];
    void enter(queue, 'batch', order);
    await clock.advance(5_001);
    void enter(queue, 'interactive', order);
    leave();
    await clock.advance(0);
    expect(order).toEqual(['batch']);
  });

  it('take the place of the last in a full queue, who is told when to come back', async () => {
    const queue = create(fakeClock(), 1, 1);
    await queue.enter(patient);
    const batch = expect(enter(queue, 'batch')).rejects.toMatchObject({ reason: 'overloaded', retryAfterMs: 50 });
    void enter(queue, 'interactive');
    await batch;
    expect(queue.waiting).toBe(1);
  });

  it('send away at once who can no longer make it when others have gone before', async () => {
    const clock = fakeClock();
    const queue = create(clock);
    await learn(queue, clock, 1_000);
    await queue.enter(patient);
    const batch = queue.enter({ signal, patienceMs: 1_500, priority: 'batch' });
    const refused = expect(batch).rejects.toMatchObject({ category: 'rate_limit', retryAfterMs: 4_000 });
    for (let count = 0; count < 3; count += 1) void enter(queue, 'interactive');
    await refused;
    expect(queue.waiting).toBe(3);
  });
});

it('never runs more than the limit or holds more than the queue, whatever comes, and ends empty', async () => {
  const step = fc.record({
    afterMs: fc.nat(50),
    lastsMs: fc.nat(200),
    patienceMs: fc.nat(500),
    priority: fc.constantFrom(...callPriorities),
    cancels: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const clock = fakeClock();
      const queue = create(clock, 3, 5);
      const ended: string[] = [];
      for (const { afterMs, lastsMs, patienceMs, priority, cancels } of steps) {
        await clock.advance(afterMs);
        const controller = new AbortController();
        void queue
          .enter({ signal: controller.signal, patienceMs, priority })
          .then((leave) => clock.sleep(lastsMs).then(leave))
          .catch(({ category }: ServiceError) => category)
          .then((how) => ended.push(how ?? 'answered'));
        if (cancels) controller.abort();
        expect(queue.running).toBeLessThanOrEqual(3);
        expect(queue.waiting).toBeLessThanOrEqual(5);
      }
      for (let rest = 0; rest < 30; rest += 1) await clock.advance(100);
      expect([queue.running, queue.waiting, ended.length]).toEqual([0, 0, steps.length]);
    }),
    { numRuns: 50 },
  );
});
