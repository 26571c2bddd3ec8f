import { describe, expect, it } from '@jest/globals';
import { createDeadlines } from '../../src/core/deadlines.js';
import { ServiceError } from '../../src/core/errors.js';
import { fakeClock } from '../support/fake-clock.js';

describe('deadlines', () => {
  it('end each call at its own time, whatever order they came in, and no call that has ended', async () => {
    const clock = fakeClock();
    const deadlines = createDeadlines(clock);
    const ended: string[] = [];
    const call = (name: string) => (reason: ServiceError) => ended.push(`${name}: ${reason.message}`);
    const gone = call('gone');
    deadlines.add(call('late'), 300);
    deadlines.add(call('early'), 100);
    deadlines.add(gone, 150);
    deadlines.add(call('middle'), 200);
    deadlines.remove(gone);
    await clock.advance(99);
    expect(ended).toEqual([]);
    for (const ms of [1, 50, 50, 100]) await clock.advance(ms);
    expect(ended).toEqual([
      'early: No answer within 100 ms.',
      'middle: No answer within 200 ms.',
      'late: No answer within 300 ms.',
    ]);
    deadlines.add(call('again'), clock.monotonicMs() + 10);
    await clock.advance(10);
    expect(ended.at(-1)).toBe('again: No answer within 10 ms.');
  });

  it('wait once for a thousand calls', () => {
    const clock = fakeClock();
    const deadlines = createDeadlines(clock);
    for (let index = 0; index < 1_000; index += 1) deadlines.add(() => undefined, 1_000 + index);
    expect(clock.sleeps).toEqual([1_000]);
  });

  it('end everything when the server does, and what still comes', () => {
    const deadlines = createDeadlines(fakeClock());
    const reasons: string[] = [];
    const end = ({ category }: ServiceError) => reasons.push(category);
    deadlines.add(end, 100);
    deadlines.close(new ServiceError('cancelled', 'The server is shutting down.'));
    deadlines.add(end, 100);
    expect(reasons).toEqual(['cancelled', 'cancelled']);
  });
});
