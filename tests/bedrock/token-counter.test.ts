import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { countInput, createTokenCounter } from '../../src/bedrock/token-counter.js';
import { modelRequest } from '../../src/core/request.js';
import { modelId } from '../../src/core/target.js';
import { type Composed, startComposed } from '../support/composed.js';
import { fakeClock } from '../support/fake-clock.js';
import { claude, nova, routed, weatherTool } from './client-setup.js';

describe('what is sent to be counted', () => {
  it('is the conversation under the base id, without what only the answer needs', () => {
    const given = { prompt: 'Hi', system: 'Brief.', tools: [weatherTool], temperature: 0.5 };
    const input = countInput(routed(given, claude), undefined);
    expect(input?.modelId).toBe(claude.model);
    expect(Object.keys(input?.input?.converse ?? {})).toEqual(['messages', 'system', 'toolConfig']);
  });

  it.each([
    ['anthropic.claude-3-5-sonnet-20240620-v1:0', true],
    ['anthropic.claude-3-haiku-20240307-v1:0', false],
    ['anthropic.claude-fable-5', true],
    ['amazon.nova-lite-v1:0', false],
  ])('%s: %s', (id, can) => {
    expect(countInput(routed({ prompt: 'x' }, { ...nova, model: modelId(id) }), undefined) !== undefined).toBe(can);
  });
});

describe('the counter', () => {
  it('gives up in time and lets go of the call', async () => {
    const clock = fakeClock();
    let given: AbortSignal | undefined;
    const counter = createTokenCounter({
      clock,
      count: (_, signal) => {
        given = signal;
        return new Promise(() => {});
      },
    });
    const counted = counter(routed());
    await clock.advance(2_000);
    expect(await counted).toBeUndefined();
    expect(given?.aborted).toBe(true);
  });

  it('is silent about failures', async () => {
    const counter = createTokenCounter({ clock: fakeClock(), count: () => Promise.reject(new Error('no')) });
    expect(await counter(routed())).toBeUndefined();
  });
});

describe('an estimate', () => {
  let server: Composed;
  beforeAll(async () => {
    server = await startComposed();
  });
  afterEach(() => server.control.reset());
  afterAll(() => server.close());
  const estimate = (model: string, prompt = 'How are you?') =>
    server.service.estimate(modelRequest.parse({ prompt, model, max_tokens: 100 }));

  it('is counted for Claude, at the true price of the count', async () => {
    const { response } = await server.invoke({ prompt: 'How are you?', model: claude.model, cache: 'bypass' });
    await server.control.clearCalls();
    const counted = await estimate(claude.model);
    expect(counted).toMatchObject({ method: 'counted', inputTokens: response.usage.inputTokens });
    expect(counted.expected).toBeLessThanOrEqual(counted.worstCase);
    expect((await server.modelCalls()).map(({ operation }) => operation)).toEqual(['CountTokens']);
  });

  it('is estimated for others, and when counting fails', async () => {
    expect(await estimate(nova.model)).toMatchObject({ method: 'estimated' });
    expect(await server.modelCalls()).toEqual([]);
    await server.control.faults({ kind: 'error', name: 'ThrottlingException', operation: 'CountTokens' });
    expect(await estimate(claude.model)).toMatchObject({ method: 'estimated' });
  });
});
