import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { ask, caller, createFace, newClient } from './support/face.js';
import { type RunningFace, startHttp, streamableClient } from './support/http.js';

/* Resources, prompts and completions through a real client, in memory and over HTTP. */

let face: ReturnType<typeof createFace>;
let client: Client;

async function connect(as = caller): Promise<Client> {
  const other = newClient();
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await face.connector(as).connect(serverSide);
  await other.connect(clientSide);
  return other;
}

beforeEach(async () => {
  face = createFace();
  client = await connect();
});
afterEach(() => client.close());

const textAt = async (uri: string, from = client): Promise<string> => {
  const { contents } = await from.readResource({ uri });
  const [first] = contents;
  return first && 'text' in first ? first.text : '';
};

async function newSession(): Promise<string> {
  const created = await ask(client, 'bedrock_session', {
    action: 'create',
    messages: [{ role: 'user', content: 'hi' }],
  });
  return String((created.structuredContent as { session_id: string }).session_id);
}

describe('resources', () => {
  it('are listed without loading the service, with templates for what there are many of', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual([
      'bedrock://models',
      'bedrock://costs/today',
      'bedrock://health',
      'ui://kairos-bedrock/cost-report',
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      'bedrock://models/{id}',
      'bedrock://sessions/{id}',
      'bedrock://traces/{request_id}',
      'bedrock://answers/{request_id}',
    ]);
    expect(face.loads()).toBe(0);
  });

  it('hold what the tools tell', async () => {
    expect(JSON.parse(await textAt('bedrock://models'))).toMatchObject({ models: [{ id: 'amazon.nova-pro-v1:0' }] });
    expect(JSON.parse(await textAt('bedrock://costs/today'))).toMatchObject({ totals: { cost_usd: 2.5 } });
    expect(JSON.parse(await textAt('bedrock://health'))).toMatchObject({ status: 'degraded' });
    const id = await newSession();
    expect(JSON.parse(await textAt(`bedrock://sessions/${id}`))).toMatchObject({ messages: [{ content: 'hi' }] });
  });

  it('give the whole of an answer that was cut', async () => {
    await ask(client, 'bedrock_invoke', { prompt: 'word '.repeat(100), max_output_chars: 100 });
    expect(await textAt('bedrock://answers/request-1')).toHaveLength(506);
  });

  it('of others do not exist', async () => {
    const id = await newSession();
    const other = await connect({ id: 'stranger', tenant: 'default' });
    await expect(textAt(`bedrock://sessions/${id}`, other)).rejects.toThrow('There is no such resource');
    await other.close();
  });

  it.each(['amazon.nova-pro-v1:0', 'amazon.nova-pro-v1%3A0', 'nova'])('tell of one model, %s', async (id) => {
    expect(JSON.parse(await textAt(`bedrock://models/${id}`))).toMatchObject({ models: [{ price: {} }, {}] });
    expect(face.service.modelFilters.at(-1)).toEqual({ model: id.replace('%3A', ':') });
  });

  it.each([
    'bedrock://models/..',
    'bedrock://models/a/b',
    'bedrock://models/%2e%2e',
    'bedrock://sessions/../models',
    'bedrock://sessions/a/b',
    'bedrock://sessions/%2e%2e',
    'bedrock://sessions/{id}',
    `bedrock://sessions/${'a'.repeat(500)}`,
    'file:///etc/passwd',
    'bedrock://nothing',
    '',
  ])('refuse %j', async (uri) => {
    await expect(textAt(uri)).rejects.toThrow('There is no such resource');
  });
});

describe('prompts', () => {
  it('are listed and written', async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['review_code', 'compare_models', 'explain_spend']);
    const { messages } = await client.getPrompt({ name: 'review_code', arguments: { code: 'x = 1', focus: 'speed' } });
    expect(messages[0]?.content).toMatchObject({
      type: 'text',
      text: expect.stringContaining('<code>\nx = 1\n</code>'),
    });
    const spend = await client.getPrompt({ name: 'explain_spend' });
    expect(JSON.stringify(spend.messages)).toContain('$2.50');
  });

  it.each([
    [{ name: 'review_code' }, 'needs `code`'],
    [{ name: 'review_code', arguments: { code: 'x', speed: 'y' } }, 'takes no other arguments than'],
    [{ name: 'nothing' }, 'There is no such prompt'],
  ])('refuse %j', async (request, problem) => {
    await expect(client.getPrompt(request)).rejects.toThrow(problem);
  });
});

describe('completions', () => {
  const complete = async (
    ref: { type: 'ref/resource'; uri: string } | { type: 'ref/prompt'; name: string },
    name: string,
    value: string,
  ) => (await client.complete({ ref, argument: { name, value } })).completion.values;

  it('know aliases and ids of models', async () => {
    const ref = { type: 'ref/prompt', name: 'compare_models' } as const;
    expect(await complete(ref, 'first_model', 'NO')).toEqual(['nova', 'amazon.nova-pro-v1:0']);
    expect(await complete(ref, 'prompt', 'x')).toEqual([]);
  });

  it('know models and calls for the templates', async () => {
    const models = { type: 'ref/resource', uri: 'bedrock://models/{id}' } as const;
    expect(await complete(models, 'id', 'nova')).toEqual(['nova', 'amazon.nova-pro-v1:0']);
    const traces = { type: 'ref/resource', uri: 'bedrock://traces/{request_id}' } as const;
    expect(await complete(traces, 'request_id', '')).toEqual([]);
  });

  it('know the sessions of the caller', async () => {
    const id = await newSession();
    const ref = { type: 'ref/resource', uri: 'bedrock://sessions/{id}' } as const;
    expect(await complete(ref, 'id', id.slice(0, 4))).toEqual([id]);
    expect(await complete(ref, 'other', '')).toEqual([]);
  });
});

describe('over HTTP', () => {
  let running: RunningFace;
  beforeEach(async () => {
    running = await startHttp();
  });
  afterEach(() => running.close());

  it('they are the same', async () => {
    const { client: remote } = await streamableClient(running.url);
    expect(await remote.listResources()).toEqual(await client.listResources());
    expect(await remote.listPrompts()).toEqual(await client.listPrompts());
    expect(await textAt('bedrock://health', remote)).toBe(await textAt('bedrock://health'));
    await remote.close();
  });
});
