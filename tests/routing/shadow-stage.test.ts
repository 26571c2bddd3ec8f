import { describe, expect, it } from '@jest/globals';
import type { CallContext } from '../../src/core/pipeline.js';
import type { Logger } from '../../src/core/ports.js';
import type { RoutedRequest } from '../../src/core/request.js';
import { type ModelResponse, noUsage } from '../../src/core/response.js';
import { modelId, region } from '../../src/core/target.js';
import { createShadowStage } from '../../src/routing/shadow-stage.js';
import { callContext } from '../support/call-context.js';
import { fakeClock, fakeRandom } from '../support/fake-clock.js';
import { directoryFor, request } from './routing-fixtures.js';

const logger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const target = { model: modelId('amazon.nova-lite-v1:0'), region: region('us-east-1') };
const routed = (fields: Record<string, unknown> = {}): RoutedRequest => ({
  ...request(fields),
  target,
  task: 'general',
  max_tokens: 100,
});

function setUp(overrides: { model?: string; share?: number; regions?: readonly string[] } = {}) {
  const seen: { request: RoutedRequest; context: CallContext }[] = [];
  let release: (() => void) | undefined;
  const shadow = createShadowStage({
    directory: directoryFor(overrides.regions),
    model: overrides.model ?? 'claude-haiku',
    share: overrides.share ?? 1,
    clock: fakeClock(),
    random: fakeRandom(),
    logger,
  });
  const handler = shadow.stage(async (asked, context) => {
    seen.push({ request: asked, context });
    if (asked.tags?.['shadow'] !== undefined) {
      await new Promise<void>((resolve, reject) => {
        release = resolve;
        context.signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    }
    const response: ModelResponse = {
      content: [],
      stopReason: 'end_turn',
      usage: noUsage,
      served: asked.target,
      source: 'bedrock',
      notices: [],
    };
    return response;
  });
  return { shadow, handler, seen, release: () => release?.() };
}

describe('a shadow', () => {
  it('gets a copy under its own tag, which nobody waits for or hears of', async () => {
    const { handler, seen, shadow, release } = setUp();
    const context = callContext({ onText: () => {} });
    const response = await handler(routed({ prompt: 'x', tags: { team: 'a' }, max_cost_usd: 1 }), context);
    expect(response.served).toBe(target);
    const copy = seen.find(({ request: { tags } }) => tags?.['shadow'] === 'true');
    expect(copy?.request).toMatchObject({ tags: { team: 'a', shadow: 'true' }, target: { region: 'us-east-1' } });
    expect(copy?.request.target.model).toContain('haiku');
    expect(copy?.request.max_cost_usd).toBeUndefined();
    expect(copy?.context.onText).toBeUndefined();
    expect(copy?.context.requestId).not.toBe(context.requestId);
    copy?.context.record({ type: 'cache-missed' });
    expect(context.events).toEqual([]);
    release();
    await shadow.close();
  });

  it('is asked once a call, however many targets the call tries', async () => {
    const { handler, seen, shadow } = setUp();
    const context = callContext();
    await handler(routed(), context);
    await handler(routed(), { ...context, lastResort: true });
    expect(seen).toHaveLength(3);
    await shadow.close();
  });

  it.each([
    ['its share is nought', { share: 0 }, {}],
    ['it answers already', { model: 'nova-lite' }, {}],
    [
      'it cannot answer this',
      { model: 'nova-micro' },
      { messages: [{ role: 'user', content: [{ type: 'image', format: 'png', data: 'AAAA' }] }] },
    ],
    ['it may not be called here', { model: 'xai.grok-4.7', regions: ['eu-west-1'] }, {}],
  ])('gets nothing when %s', async (_, overrides, fields) => {
    const { handler, seen, shadow } = setUp(overrides);
    await handler(routed(fields), callContext());
    expect(seen).toHaveLength(1);
    await shadow.close();
  });

  it('has a bound, and ends with the server', async () => {
    const { handler, seen, shadow } = setUp();
    for (let index = 0; index < 20; index += 1) await handler(routed(), callContext());
    expect(seen).toHaveLength(24);
    await shadow.close();
  });
});
