import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CallEvent } from '../../src/core/events.js';
import { modelRequest } from '../../src/core/request.js';
import { type Composed, startComposed } from '../support/composed.js';

/* bedrock_estimate tells what the budgets will set aside for the same request, to the nano-dollar. */

const models = [
  'amazon.nova-lite-v1:0',
  'amazon.nova-pro-v1:0',
  'anthropic.claude-sonnet-4-5-20250929-v1:0',
  'anthropic.claude-opus-5-5',
  'meta.llama3-3-70b-instruct-v1:0',
  'openai.gpt-oss-120b-1:0',
  'deepseek.v3.2',
];
const data = Buffer.from('some bytes').toString('base64');
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const shapes: Readonly<Record<string, Record<string, unknown>>> = {
  'a question': { prompt: 'Where is Bern?' },
  'a limited answer': { prompt: 'Where is Bern?', max_tokens: 77 },
  'a limit above that of the model': { prompt: 'Where?', max_tokens: 9_000_000 },
  'a long system text, which may be cached': { system: 'All about Switzerland. '.repeat(2_000), prompt: 'Where?' },
  tools: { prompt: 'Where?', tools: [{ name: 'find', description: 'Finds.', input_schema: schema }] },
  'an answer in a schema': { prompt: 'Where?', response_schema: schema },
  'a tier that costs more': { prompt: 'Where?', service_tier: 'priority' },
  'a tier that costs less': { prompt: 'Where?', service_tier: 'flex' },
  'optimized latency': { prompt: 'Where?', latency: 'optimized' },
  thought: { prompt: 'Where?', reasoning_effort: 'high', max_tokens: 4_000 },
};
const withImage = {
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What?' },
        { type: 'image', format: 'png', data },
      ],
    },
  ],
};

describe.each([
  ['prompts kept for five minutes', {}],
  ['prompts kept for an hour', { BEDROCK_PROMPT_CACHING: '1h' }],
])('with %s', (_, env) => {
  let server: Composed;
  beforeAll(async () => {
    server = await startComposed(env);
  });
  afterAll(() => server.close());

  async function expectSame(given: Record<string, unknown>) {
    const args = { cache: 'bypass', fallback: false, ...given };
    const estimate = await server.service.estimate(modelRequest.parse(args), server.options.caller);
    const events: CallEvent[] = [];
    const onEvent = (event: CallEvent) => events.push(event);
    // Whether the answer is of use does not matter here.
    await server.service.invoke(modelRequest.parse(args), { ...server.options, onEvent }).catch(() => undefined);
    const held = events.flatMap((event) => (event.type === 'cost-reserved' ? [event] : []));
    expect(held[0]).toMatchObject({ target: estimate.target, amount: estimate.worstCase });
    expect(estimate.expected).toBeLessThanOrEqual(estimate.worstCase);
    expect(estimate.worstCase).toBeGreaterThan(0);
  }

  it.each(models)('%s, asked for in every way', async (model) => {
    for (const shape of Object.values(shapes)) await expectSame({ model, ...shape });
  });

  it('whatever model is chosen', async () => {
    for (const shape of Object.values(shapes)) await expectSame(shape);
    await expectSame(withImage);
  });
});
