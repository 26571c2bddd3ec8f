import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import { errorResult } from '../../src/server/answers.js';
import type { Tool } from '../../src/server/define-tool.js';
import { bedrockEmbed } from '../../tools/bedrock-embed.js';
import { bedrockInvoke } from '../../tools/bedrock-invoke.js';
import { bedrockRerank } from '../../tools/bedrock-rerank.js';
import { type Composed, startComposed } from '../support/composed.js';

let server: Composed;
beforeAll(async () => {
  server = await startComposed();
});
afterAll(() => server.close());

/** As the registry does it: arguments and answer are held against the schemas of the tool. */
async function call(tool: Tool, args: Record<string, unknown>) {
  const answer = await tool.handle(tool.input.parse(args), server.service, { ...server.options, clock: systemClock });
  expect(tool.output.safeParse(answer.structured).error).toBeUndefined();
  return answer;
}

describe('bedrock_embed', () => {
  it('gives a vector for each text, and says in words what they are', async () => {
    const { structured, text } = await call(bedrockEmbed, { texts: ['a', 'b'], dimensions: 256 });
    expect(structured).toMatchObject({ dimensions: 256, model: 'amazon.titan-embed-text-v2:0', source: 'bedrock' });
    expect(structured['vectors']).toHaveLength(2);
    expect(text).toContain('2 vectors of 256 dimensions');
    expect(text.length).toBeLessThan(300);
  });

  it.each([[{}], [{ texts: [] }], [{ texts: [' '] }], [{ texts: ['a'], dimensions: 0 }], [{ texts: ['a'], x: 1 }]])(
    'refuses %j',
    (args) => {
      expect(bedrockEmbed.input.safeParse(args).success).toBe(false);
    },
  );
});

describe('bedrock_rerank', () => {
  it('gives the order of the documents', async () => {
    const documents = ['apples', 'pears and plums', 'plums'];
    const { structured, text } = await call(bedrockRerank, { query: 'plums', documents, top_n: 2 });
    expect(structured['results']).toMatchObject([{ index: 2 }, { index: 1 }]);
    expect(structured['cost_usd']).toBe(0.002);
    expect(text).toMatch(/^Documents by relevance: 2 \(\d\.\d{3}\), 1 /);
  });
});

it('a server without retrieval says so', async () => {
  const { retrieval: _, ...service } = server.service;
  const handled = bedrockEmbed.handle({ texts: ['a'] }, service, { ...server.options, clock: systemClock });
  await expect(handled).rejects.toMatchObject({ reason: 'not_supported' });
});

it('bedrock_invoke gives the value beside the text', async () => {
  const response_schema = { type: 'object', properties: { city: { const: 'Bern' } }, required: ['city'] };
  const { structured } = await call(bedrockInvoke, { prompt: 'Where?', model: 'nova-lite', response_schema });
  expect(structured).toMatchObject({ structured: { city: 'Bern' }, text: '{"city":"Bern"}', tool_calls: [] });
});

it('an error carries what the model wrote in a field of its own, and nowhere else', () => {
  const error = new ServiceError('model_error', 'It broke off.', { partialText: 'Once upon a time' });
  const { content, structuredContent } = errorResult(error, 'request-1');
  expect(structuredContent['error']).toMatchObject({ partial_text: 'Once upon a time', message: 'It broke off.' });
  expect(JSON.stringify(content)).not.toContain('Once upon');
  expect(errorResult(new ServiceError('internal', 'x'), 'r').structuredContent['error']).not.toHaveProperty(
    'partial_text',
  );
});
