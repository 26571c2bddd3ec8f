import { describe, expect, it } from '@jest/globals';
import { createAlarm } from '../../src/core/alarm.js';
import { fakeClock } from '../support/fake-clock.js';

describe('an alarm', () => {
  it('rings once for all times that were named, at the earliest of them', async () => {
    const clock = fakeClock();
    const rang: number[] = [];
    const alarm = createAlarm(clock, () => rang.push(clock.monotonicMs()));
    for (const ms of [300, 100, 200]) alarm.ringBy(ms);
    await clock.advance(100);
    await clock.advance(300);
    expect(rang).toEqual([100]);
  });

  it('never waits twice, however often an earlier time comes and it is set anew', async () => {
    const clock = fakeClock();
    const alarm = createAlarm(clock, () => {
      for (const inMs of [1_000, 500, 10]) alarm.ringBy(clock.monotonicMs() + inMs);
    });
    alarm.ringBy(50);
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(50);
      expect(clock.sleeping).toBe(1);
    }
  });

  it('rings no more once it is closed', async () => {
    const clock = fakeClock();
    let rang = 0;
    const alarm = createAlarm(clock, () => {
      rang += 1;
    });
    alarm.ringBy(10);
    alarm.close();
    alarm.ringBy(5);
    await clock.advance(20);
    expect([rang, clock.sleeping]).toEqual([0, 0]);
  });
});
