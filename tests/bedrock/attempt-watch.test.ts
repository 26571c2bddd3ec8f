import { describe, expect, it } from '@jest/globals';
import { type AttemptWatch, createAttemptWatches } from '../../src/bedrock/attempt-watch.js';
import { modelId, region } from '../../src/core/target.js';
import { fakeClock } from '../support/fake-clock.js';

const limits = { firstTokenTimeoutMs: 100, idleTimeoutMs: 1_000 };
const target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };

describe('attempt watches', () => {
  it('keep one wait for all attempts, and none for those that were called off', async () => {
    const clock = fakeClock();
    const watches = createAttemptWatches(clock);
    const open = () => {
      const watch = watches.open(limits, target, new AbortController().signal);
      watch.awaitFirstToken();
      return watch;
    };
    for (let round = 0; round < 30; round += 1) {
      const watched: AttemptWatch[] = [];
      for (let index = 0; index < 5; index += 1) {
        const watch = open();
        // Limits of both kinds at once: the later one must not be waited for beside the earlier one.
        if (index % 2 === 0) watch.sawLife();
        watched.push(watch);
      }
      await clock.advance(60);
      expect(clock.sleeping).toBe(1);
      for (const watch of watched) watch.stop();
    }
    await clock.advance(1_000);
    expect(clock.sleeping).toBe(0);
  });

  it('end the attempt that is late, and only that one', async () => {
    const clock = fakeClock();
    const watches = createAttemptWatches(clock);
    const [silent, lively] = [0, 1].map(() => watches.open(limits, target, new AbortController().signal));
    silent?.awaitFirstToken();
    lively?.awaitFirstToken();
    lively?.sawLife();
    await clock.advance(100);
    expect([silent?.signal.aborted, lively?.signal.aborted]).toEqual([true, false]);
    expect(silent?.signal.reason).toMatchObject({ category: 'timeout', reason: 'first_token_timeout' });
    await clock.advance(900);
    expect(lively?.signal.reason).toMatchObject({ category: 'timeout', reason: 'idle_timeout' });
  });
});
