import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { modelRequest } from '../../src/core/request.js';
import { createObserveStage } from '../../src/observability/observe-stage.js';
import { callContext } from '../support/call-context.js';
import { fakeClock } from '../support/fake-clock.js';
import { response } from './samples.js';

const request = modelRequest.parse({ prompt: 'x' });

describe('observe stage', () => {
  it('records start and success with the time between', async () => {
    const clock = fakeClock({ autoAdvance: true });
    const context = callContext();
    const stage = createObserveStage({ clock });
    const handler = stage(async () => {
      await clock.sleep(40);
      return response;
    });
    await expect(handler(request, context)).resolves.toBe(response);
    expect(context.events).toEqual([
      { type: 'call-started', tool: 'bedrock_invoke' },
      { type: 'call-succeeded', response, latencyMs: 40 },
    ]);
  });

  it.each([
    [
      new ServiceError('timeout', 'late', { reason: 'deadline' }),
      { category: 'timeout', reason: 'deadline', message: 'late' },
    ],
    [new TypeError('secret detail'), { category: 'internal', message: 'The server failed on this call.' }],
  ])('records a failure and throws a ServiceError', async (thrown, failure) => {
    const context = callContext();
    const stage = createObserveStage({ clock: fakeClock() });
    const call = stage(() => Promise.reject(thrown))(request, context);
    await expect(call).rejects.toBeInstanceOf(ServiceError);
    expect(context.events.at(-1)).toEqual({ type: 'call-failed', failure, latencyMs: 0 });
  });
});
