import { expect, it } from '@jest/globals';
import { createTargetAdmission } from '../../src/resilience/admission.js';
import { nova, routed } from '../bedrock/client-setup.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';

it('a call that has no time left to wait goes where there is nothing to wait for, and is refused elsewhere', async () => {
  const clock = fakeClock();
  const admission = createTargetAdmission({ clock, onServerEvent: () => undefined, maxConcurrentPerTarget: 1 });
  const hasty = () => callContext({ deadlineMs: clock.monotonicMs() + 10 });
  const pass = await admission.enter(routed(), hasty());
  await expect(admission.enter(routed(), hasty())).rejects.toMatchObject({ category: 'rate_limit', target: nova });
  pass.leave();
  await expect(admission.enter(routed(), hasty())).resolves.toBeDefined();
});
