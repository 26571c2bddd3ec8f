import { describe, expect, it } from '@jest/globals';
import { createPacer } from '../../src/resilience/pacer.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';

const anyPatience = Number.POSITIVE_INFINITY;

/** Sends as fast as the pacer lets, `offered` a second at most, for so many seconds; the service decides by `accepts`. */
async function drive(accepts: (nowMs: number) => boolean, { seconds = 30, offered = 100 } = {}) {
  const clock = fakeClock();
  const changes: boolean[] = [];
  const pacer = createPacer({ clock, onChange: (paced) => changes.push(paced) });
  const perSecond: { sent: number; throttled: number }[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const counted = { sent: 0, throttled: 0 };
    for (let call = 0; call < offered; call += 1) {
      if (pacer.reserve(100, 0).admitted) {
        const outcome = accepts(clock.monotonicMs()) ? 'accepted' : 'throttled';
        counted.sent += 1;
        if (outcome === 'throttled') counted.throttled += 1;
        pacer.report(outcome, 100);
      }
      await clock.advance(1_000 / offered);
    }
    perSecond.push(counted);
  }
  return { perSecond, changes, pacer };
}

/** Lets so many through in each second. */
function limited(perSecond: number): (nowMs: number) => boolean {
  let [second, used] = [0, 0];
  return (nowMs) => {
    if (Math.floor(nowMs / 1_000) !== second) [second, used] = [Math.floor(nowMs / 1_000), 0];
    used += 1;
    return used <= perSecond;
  };
}

const sum = (rows: readonly { sent: number; throttled: number }[], of: 'sent' | 'throttled') =>
  rows.reduce((total, row) => total + row[of], 0);

describe('a pacer', () => {
  it('never slows a target that does not throttle', async () => {
    const { perSecond, changes } = await drive(() => true, { seconds: 5 });
    expect(sum(perSecond, 'sent')).toBe(500);
    expect(changes).toEqual([]);
  });

  it('leaves throttling by chance to retries', async () => {
    const random = fakeRandom(7);
    const { perSecond } = await drive(() => random.next() > 0.3);
    expect(sum(perSecond, 'sent')).toBe(3_000);
  });

  it('finds the limit of the service, uses most of it and asks for far less than is offered', async () => {
    const { perSecond } = await drive(limited(20), { seconds: 40 });
    const settled = perSecond.slice(10);
    const sent = sum(settled, 'sent') / settled.length;
    const through = sent - sum(settled, 'throttled') / settled.length;
    expect(through).toBeGreaterThan(12);
    expect(sent).toBeLessThan(45);
  });

  it('soon sends one probe a second to a target that lets nothing through, and is back within five when it does', async () => {
    const { perSecond, changes } = await drive((nowMs) => nowMs < 2_000 || nowMs >= 10_000, { seconds: 40 });
    const down = perSecond.slice(5, 10);
    expect(Math.max(...down.map(({ sent }) => sent))).toBeLessThanOrEqual(2);
    expect(perSecond[15]?.sent).toBeGreaterThan(50);
    expect(changes).toEqual([true, false]);
    expect(sum(perSecond.slice(35), 'sent')).toBe(500);
  });

  it('comes back as quickly to a target that never let anything through before', async () => {
    const { perSecond } = await drive((nowMs) => nowMs >= 3_000, { seconds: 8 });
    expect(perSecond[6]?.sent).toBe(100);
  });

  it('makes large requests wait longer than small ones', async () => {
    const clock = fakeClock();
    const pacer = createPacer({ clock });
    for (let refusal = 0; refusal < 10; refusal += 1) pacer.report('throttled', 100);
    expect(pacer.paced).toBe(true);
    expect(pacer.reserve(10_000, anyPatience)).toEqual({ admitted: true, waitMs: 0 });
    expect(pacer.reserve(1, 1_000)).toEqual({ admitted: false, waitMs: 10_000 });
    await clock.advance(10_000);
    expect(pacer.reserve(1, 0).admitted).toBe(true);
  });
});
