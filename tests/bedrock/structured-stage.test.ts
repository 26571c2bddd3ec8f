import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { modelRequest } from '../../src/core/request.js';
import { responseText } from '../../src/core/response.js';
import { type Composed, startComposed } from '../support/composed.js';
import { errorOf, weatherTool } from './client-setup.js';

const response_schema = {
  type: 'object',
  properties: { city: { type: 'string' }, degrees: { type: 'integer', minimum: -90, maximum: 60 } },
  required: ['city', 'degrees'],
  additionalProperties: false,
};
const bern = { city: 'Bern', degrees: 12 };

let server: Composed;
beforeAll(async () => {
  server = await startComposed();
});
afterEach(() => server.control.reset());
afterAll(() => server.close());

const ask = (model: string, more: Record<string, unknown> = {}) =>
  server.invoke({ prompt: 'Weather in Bern?', model, response_schema, cache: 'bypass', fallback: false, ...more });

const ways = ['anthropic.claude-sonnet-4-5-20250929-v1:0', 'amazon.nova-lite-v1:0', 'meta.llama3-3-70b-instruct-v1:0'];

describe('an answer for response_schema', () => {
  it.each(ways.slice(0, 2))('fits by the own way of %s', async (model) => {
    const { response } = await ask(model);
    expect(response.structured).toEqual({ city: expect.any(String), degrees: expect.any(Number) });
    expect(JSON.parse(responseText(response.content))).toEqual(response.structured);
    expect(response).toMatchObject({ stopReason: 'end_turn', served: { model } });
    expect(await server.modelCalls()).toHaveLength(1);
  });

  it.each([JSON.stringify(bern), `Sure:\n\`\`\`json\n${JSON.stringify(bern, null, 2)}\n\`\`\`\nEnjoy!`])(
    'is found in the words of a model without one: %s',
    async (text) => {
      await server.control.replies({ text });
      expect((await ask(ways[2] ?? '')).response).toMatchObject({ structured: bern, notices: [] });
    },
  );

  it.each([
    ['It is 12 degrees.', 'is not a JSON object'],
    ['{"city": "Bern", "degrees": 99}', '#/properties/degrees/maximum'],
  ])('is asked for once more when it does not fit: %s', async (text, problem) => {
    await server.control.replies({ text }, { text: JSON.stringify(bern) });
    const { response, record } = await ask(ways[2] ?? '');
    expect(response).toMatchObject({ structured: bern, notices: [expect.stringContaining('first answer')] });
    expect(record.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
      [1, 'succeeded'],
      [2, 'succeeded'],
    ]);
    expect(record.cost.nanoUsd).toBeGreaterThan(response.cost?.nanoUsd ?? 0);
    const [, second] = await server.modelCalls();
    expect(second?.requestBody).toContain(problem);
  });

  it('that never fits is an error with the text, booked twice', async () => {
    await server.control.replies({ text: 'no', count: 2 });
    const error = await errorOf(ask(ways[2] ?? ''));
    expect(error).toMatchObject({ category: 'model_error', reason: 'invalid_answer', partialText: 'no' });
    expect(error.call?.attempts).toHaveLength(2);
    expect(error.call?.cost.nanoUsd).toBeGreaterThan(0);
  });

  it('that never fits is asked of another model where that is allowed', async () => {
    await server.control.replies({ text: 'no', count: 2, model: ways[2] ?? '' });
    const { response } = await ask(ways[2] ?? '', { fallback: true });
    expect(response.structured).toBeDefined();
    expect(response.served.model).not.toBe(ways[2]);
  });

  it('cut off by max_tokens is an error that says so, and is not repaired', async () => {
    await server.control.replies({ text: '{"city": "Bern", "degr', stopReason: 'max_tokens' });
    const error = await errorOf(ask(ways[0] ?? ''));
    expect(error).toMatchObject({ reason: 'invalid_answer', partialText: '{"city": "Bern", "degr' });
    expect(error.remedy).toContain('max_tokens');
    expect(error.call?.attempts).toHaveLength(1);
  });

  it('blocked on the way is content_filtered', async () => {
    await server.control.replies({ text: 'Not that.', stopReason: 'guardrail_intervened' });
    expect(await errorOf(ask(ways[0] ?? ''))).toMatchObject({ category: 'content_filtered' });
  });

  it('waits for the tools that the model asks for', async () => {
    await server.control.replies({ toolUse: { name: 'weather', input: { city: 'Bern' } } });
    const { response } = await ask(ways[0] ?? '', { tools: [weatherTool] });
    expect(response).toMatchObject({ stopReason: 'tool_use' });
    expect(response).not.toHaveProperty('structured');
  });

  it('comes from the cache as it was', async () => {
    await server.control.replies({ text: JSON.stringify(bern) });
    const model = ways[2] ?? '';
    await ask(model, { cache: 'refresh' });
    expect((await ask(model, { cache: 'default' })).response).toMatchObject({ source: 'cache', structured: bern });
    expect(await server.modelCalls()).toHaveLength(1);
  });

  it('is not cut short by a cap on the cost of the call', async () => {
    await server.control.replies({ text: 'no' }, { text: JSON.stringify(bern) });
    expect((await ask(ways[2] ?? '', { max_cost_usd: 1 })).response.structured).toEqual(bern);
    await server.control.replies({ text: 'no' });
    const { worstCase } = await server.service.estimate(
      modelRequest.parse({ prompt: 'Weather in Bern?', model: ways[2], response_schema }),
    );
    const error = await errorOf(ask(ways[2] ?? '', { max_cost_usd: worstCase / 1e9 + 0.000_02 }));
    expect(error).toMatchObject({ reason: 'invalid_answer' });
    expect(error.call?.attempts).toHaveLength(1);
  });
});

it.each([
  [{ type: 'array' }, 'must have `type: "object"`'],
  [{ type: 'object', properties: { a: { type: 'nonsense' } } }, 'is not a valid JSON Schema'],
  [{ type: 'object', description: 'x'.repeat(40_000) }, 'larger than'],
])('a schema that is broken or too large is refused before it costs anything: %#', async (schema, problem) => {
  const error = await errorOf(ask(ways[0] ?? '', { response_schema: schema }));
  expect(error.category).toBe('validation');
  expect(error.message).toContain('`response_schema`');
  expect(error.message).toContain(problem);
  expect(await server.modelCalls()).toEqual([]);
});
