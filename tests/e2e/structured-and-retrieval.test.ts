import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ConnectedServer, callTool, connectOverStdio, serverFolder } from '../support/built-server.js';

let server: ConnectedServer;
const folder = serverFolder({ BEDROCK_TOOLSETS: 'core,retrieval', BEDROCK_PROMPT_CACHING: '1h' });
beforeAll(async () => {
  server = await connectOverStdio(['--sandbox'], folder.env);
}, 20_000);
afterAll(async () => {
  await server.close();
  folder.remove();
});

it('offers what the operator asked for, and nothing else', async () => {
  const names = (await server.client.listTools()).tools.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['bedrock_invoke', 'bedrock_embed', 'bedrock_rerank']));
  expect(names).not.toContain('bedrock_feedback');
});

it('gives an answer in a schema, as text and as a value', async () => {
  const response_schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
  const { result, text } = await callTool<{ structured: object; text: string }>(server.client, 'bedrock_invoke', {
    prompt: 'Where?',
    response_schema,
  });
  expect(result.structured).toEqual({ city: expect.any(String) });
  expect(JSON.parse(result.text)).toEqual(result.structured);
  expect(text).toContain('SANDBOX');
});

it('refuses a broken schema with words that help', async () => {
  const { result, isError } = await callTool<{ error: { category: string; message: string } }>(
    server.client,
    'bedrock_invoke',
    { prompt: 'Where?', response_schema: { type: 'object', properties: { a: { type: 'nonsense' } } } },
  );
  expect(isError).toBe(true);
  expect(result.error).toMatchObject({ category: 'validation', message: expect.stringContaining('response_schema') });
});

it('counts where the model can', async () => {
  const { result } = await callTool(server.client, 'bedrock_estimate', { prompt: 'Hi', model: 'claude-sonnet-4-5' });
  expect(result).toMatchObject({ method: 'counted' });
});

it('embeds and reranks', async () => {
  const embedded = await callTool<{ vectors: number[][] }>(server.client, 'bedrock_embed', { texts: ['a', 'b'] });
  expect(embedded.result.vectors.map(({ length }) => length)).toEqual([1_024, 1_024]);
  const ranked = await callTool<{ results: { index: number }[] }>(server.client, 'bedrock_rerank', {
    query: 'plums',
    documents: ['apples', 'plums'],
  });
  expect(ranked.result.results.map(({ index }) => index)).toEqual([1, 0]);
  expect(ranked.text).toContain('SANDBOX');
});
