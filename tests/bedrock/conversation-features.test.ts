import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Composed, startComposed } from '../support/composed.js';
import { claude, errorOf, nova, weatherTool } from './client-setup.js';

let server: Composed;
beforeAll(async () => {
  server = await startComposed({ BEDROCK_GUARDRAIL_ID: 'gr-123', BEDROCK_GUARDRAIL_VERSION: '3' });
});
afterEach(() => server.control.reset());
afterAll(() => server.close());

const ask = (more: Record<string, unknown> = {}) =>
  server.invoke({ prompt: 'Hello', model: nova.model, cache: 'bypass', fallback: false, ...more });
const sent = async () => JSON.parse((await server.modelCalls())[0]?.requestBody ?? '{}') as Record<string, unknown>;

describe('a guardrail', () => {
  const trace = {
    guardrail: { inputAssessment: { g: { topicPolicy: { topics: [{ name: 'Weather', action: 'BLOCKED' }] } } } },
  };

  it('goes with every conversation', async () => {
    await ask();
    expect(await sent()).toMatchObject({
      guardrailConfig: { guardrailIdentifier: 'gr-123', guardrailVersion: '3', streamProcessingMode: 'sync' },
    });
  });

  it('that intervenes with words of its own is told, with its reason', async () => {
    await server.control.replies({ text: 'Not that.', stopReason: 'guardrail_intervened', beside: { trace } });
    expect((await ask()).response).toMatchObject({
      stopReason: 'guardrail_intervened',
      notices: ['The guardrail intervened: Weather.'],
    });
  });

  it('that leaves nothing is content_filtered, and what was used is booked', async () => {
    await server.control.replies({ text: '', stopReason: 'guardrail_intervened', beside: { trace } });
    const error = await errorOf(ask());
    expect(error).toMatchObject({ category: 'content_filtered', message: 'The guardrail intervened: Weather.' });
    expect(error.call?.attempts[0]?.usage).toMatchObject({ estimated: false, outputTokens: 0 });
    expect(error.call?.cost).toMatchObject({ nanoUsd: expect.any(Number), estimated: false });
  });
});

describe('a service tier', () => {
  it('is asked for, and its price is an estimate', async () => {
    const { response, record } = await ask({ service_tier: 'priority' });
    expect(await sent()).toMatchObject({ serviceTier: { type: 'priority' } });
    expect(response.notices).toEqual([]);
    expect(record.cost.estimated).toBe(true);
  });

  it('other than the one asked for is told', async () => {
    await server.control.replies({ text: 'x', beside: { serviceTier: { type: 'default' } } });
    const { response, record } = await ask({ service_tier: 'flex' });
    expect(response.notices).toEqual(['Served in the tier default, not flex.']);
    expect(record.cost.estimated).toBe(false);
  });
});

it('tags go to the invocation log of the account, in letters that it takes', async () => {
  await ask({ tags: { team: 'A&B <c>', 'cost.center': '7' } });
  expect(await sent()).toMatchObject({ requestMetadata: { team: 'A_B _c_', 'cost.center': '7' } });
});

it('an answer that breaks off leaves what was written to the caller', async () => {
  await server.control.replies({ text: 'One two three four five six seven eight nine ten.' });
  await server.control.faults({ kind: 'stream-exception', name: 'validationException', afterEvents: 4 });
  const error = await errorOf(ask());
  expect(error.partialText).toMatch(/^One two/);
  expect(error.call?.attempts.length).toBeGreaterThan(0);
});

it('parallel tool calls come back under the names of the caller, empty input as an object', async () => {
  await server.control.replies({
    toolUse: [
      { name: 'mcp_weather', input: { city: 'Bern' } },
      { name: 'mcp_weather', input: {} },
    ],
  });
  const { response } = await ask({
    model: claude.model,
    tools: [{ ...weatherTool, name: 'mcp/weather' }],
  });
  expect(response.content).toMatchObject([
    { type: 'tool_use', name: 'mcp/weather', input: { city: 'Bern' } },
    { type: 'tool_use', name: 'mcp/weather', input: {} },
  ]);
});

it.each([
  ['anthropic.claude-sonnet-4-5-20250929-v1:0', { thinking: { type: 'enabled', budget_tokens: 1_600 } }],
  ['amazon.nova-2-lite-v1:0', { reasoningConfig: { type: 'enabled', maxReasoningEffort: 'medium' } }],
])('reasoning of %s costs what it writes, and can be given back', async (model, fields) => {
  await server.control.replies({ reasoning: 'Let me think about it.', text: 'Hello!' });
  const { response } = await ask({ model, reasoning_effort: 'high', max_tokens: 2_000 });
  expect(await sent()).toMatchObject({ additionalModelRequestFields: fields });
  expect(response.content[0]).toMatchObject({ type: 'reasoning', signature: expect.any(String), model });
  expect(response.usage.estimated).toBe(false);
  await server.control.clearCalls();
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: response.content },
    { role: 'user', content: 'And?' },
  ];
  await server.invoke({ messages, model, cache: 'bypass' });
  expect(JSON.stringify(await sent())).toContain('reasoningText');
  await server.control.clearCalls();
  const { response: other } = await server.invoke({ messages, model: nova.model, cache: 'bypass' });
  expect(JSON.stringify(await sent())).not.toContain('reasoningText');
  expect(other.notices).toEqual([expect.stringContaining('Reasoning of another model')]);
});
