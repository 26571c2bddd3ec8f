import { expect, it } from '@jest/globals';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import { invocationId, modelId, profileGeography, profileId, region, targetKey } from '../../src/core/target.js';

it('sleeps, and wakes at once with the reason when aborted', async () => {
  await expect(systemClock.sleep(0)).resolves.toBeUndefined();
  const controller = new AbortController();
  const sleeping = systemClock.sleep(60_000, controller.signal);
  controller.abort('enough');
  await expect(sleeping).rejects.toBe('enough');
  expect(systemClock.monotonicMs()).toBeLessThan(systemClock.nowMs());
});

it('makes different ids and numbers in [0, 1)', () => {
  expect(systemRandom.id()).not.toBe(systemRandom.id());
  expect(systemRandom.next()).toBeLessThan(1);
});

it('names targets by what is invoked', () => {
  const inRegion = { model: modelId('amazon.nova-lite-v1:0'), region: region('eu-west-1') };
  const viaProfile = { ...inRegion, profile: profileId('eu.amazon.nova-lite-v1:0') };
  expect(targetKey(inRegion)).toBe('amazon.nova-lite-v1:0@eu-west-1');
  expect(invocationId(viaProfile)).toBe('eu.amazon.nova-lite-v1:0');
  expect([profileGeography(inRegion), profileGeography(viaProfile)]).toEqual([undefined, 'eu']);
});
