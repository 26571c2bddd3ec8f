import {
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type ResponseStream,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { type HandlerName, handlers, type Json, runtimeClient } from './clients.js';

interface Family {
  readonly name: string;
  readonly modelId: string;
  readonly body: object;
  /** The path to the text in the whole answer, and to the counts it carries. */
  text(answer: Json): string;
  stop(answer: Json): string;
  counts?(answer: Json): readonly [number, number];
  streamText?(chunk: Json): string | undefined;
  readonly ended: string;
}

const messages = [{ role: 'user', content: 'Say something' }];
const families: readonly Family[] = [
  {
    name: 'Claude messages',
    modelId: 'us.anthropic.claude-sonnet-5-5',
    body: { anthropic_version: 'bedrock-2023-05-31', max_tokens: 500, messages },
    text: (answer) => answer.content[0].text,
    stop: (answer) => answer.stop_reason,
    counts: ({ usage }) => [usage.input_tokens, usage.output_tokens],
    streamText: (chunk) => chunk.delta?.text,
    ended: 'end_turn',
  },
  {
    name: 'Titan Text',
    modelId: 'amazon.titan-text-express-v1',
    body: { inputText: 'Say something', textGenerationConfig: { maxTokenCount: 500, temperature: 0.5 } },
    text: (answer) => answer.results[0].outputText,
    stop: (answer) => answer.results[0].completionReason,
    counts: (answer) => [answer.inputTextTokenCount, answer.results[0].tokenCount],
    streamText: (chunk) => chunk.outputText,
    ended: 'FINISH',
  },
  {
    name: 'Jurassic-2',
    modelId: 'ai21.j2-ultra-v1',
    body: { prompt: 'Say something', maxTokens: 500, countPenalty: { scale: 0 } },
    text: (answer) => answer.completions[0].data.text,
    stop: (answer) => answer.completions[0].finishReason.reason,
    ended: 'endoftext',
  },
  {
    name: 'Nova',
    modelId: 'us.amazon.nova-pro-v1:0',
    body: {
      schemaVersion: 'messages-v1',
      messages: [{ role: 'user', content: [{ text: 'Say something' }] }],
      inferenceConfig: { max_new_tokens: 500, topK: 20 },
    },
    text: (answer) => answer.output.message.content[0].text,
    stop: (answer) => answer.stopReason,
    counts: ({ usage }) => [usage.inputTokens, usage.outputTokens],
    streamText: (chunk) => chunk.contentBlockDelta?.delta?.text,
    ended: 'end_turn',
  },
  {
    name: 'Llama',
    modelId: 'us.meta.llama3-3-70b-instruct-v1:0',
    body: { prompt: 'Say something', max_gen_len: 500 },
    text: (answer) => answer.generation,
    stop: (answer) => answer.stop_reason,
    counts: (answer) => [answer.prompt_token_count, answer.generation_token_count],
    streamText: (chunk) => chunk.generation,
    ended: 'stop',
  },
  {
    name: 'Mistral text',
    modelId: 'mistral.mistral-7b-instruct-v0:2',
    body: { prompt: '<s>[INST]Say something[/INST]', max_tokens: 500 },
    text: (answer) => answer.outputs[0].text,
    stop: (answer) => answer.outputs[0].stop_reason,
    streamText: (chunk) => chunk.outputs[0].text,
    ended: 'stop',
  },
  {
    name: 'OpenAI chat',
    modelId: 'openai.gpt-oss-120b-1:0',
    body: { messages: [{ role: 'system', content: 'Be brief' }, ...messages], max_completion_tokens: 500 },
    text: (answer) => answer.choices[0].message.content,
    stop: (answer) => answer.choices[0].finish_reason,
    counts: ({ usage }) => [usage.prompt_tokens, usage.completion_tokens],
    streamText: (chunk) => chunk.choices[0]?.delta?.content,
    ended: 'stop',
  },
];

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const retired = ['amazon.titan-text-express-v1', 'ai21.j2-ultra-v1', 'mistral.mistral-7b-instruct-v0:2'];
  await sandbox.control.access(...retired.map((model) => ({ model, lifecycle: 'ACTIVE' as const })));
});
afterAll(() => sandbox.close());

const encode = (body: object) => new TextEncoder().encode(JSON.stringify(body));

async function invoke(modelId: string, body: object, handler: HandlerName = 'HTTP/1.1') {
  const client = runtimeClient(sandbox.url, handler);
  const output = await client.send(new InvokeModelCommand({ modelId, body: encode(body) }));
  client.destroy();
  return JSON.parse(output.body.transformToString());
}

async function chunks(stream: AsyncIterable<ResponseStream> | undefined): Promise<Json[]> {
  const found: Json[] = [];
  for await (const event of stream ?? []) found.push(JSON.parse(new TextDecoder().decode(event.chunk?.bytes)));
  return found;
}

async function invokeStream(modelId: string, body: object, handler: HandlerName = 'HTTP/1.1') {
  const client = runtimeClient(sandbox.url, handler);
  const output = await client.send(new InvokeModelWithResponseStreamCommand({ modelId, body: encode(body) }));
  const found = await chunks(output.body);
  client.destroy();
  return found;
}

const over = Object.keys(handlers) as HandlerName[];
const cases = families.flatMap((family) => over.map((handler) => ({ ...family, handler })));

describe('InvokeModel', () => {
  it.each(cases)('answers $name over $handler in its own shape', async (family) => {
    const answer = await invoke(family.modelId, family.body, family.handler);
    expect(family.text(answer)).toContain('Bedrock sandbox');
    expect(family.stop(answer)).toBe(family.ended);
    for (const count of family.counts?.(answer) ?? []) expect(count).toBeGreaterThan(0);
  });

  it('carries the counts in headers too', async () => {
    const client = runtimeClient(sandbox.url);
    const seen: Record<string, string> = {};
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        Object.assign(seen, (result.response as { headers: Record<string, string> }).headers);
        return result;
      },
      { step: 'deserialize' },
    );
    const body = encode({ prompt: 'Count me', max_gen_len: 5 });
    await client.send(new InvokeModelCommand({ modelId: 'us.meta.llama3-3-70b-instruct-v1:0', body }));
    expect(seen['x-amzn-bedrock-input-token-count']).toBe('6');
    expect(seen['x-amzn-bedrock-output-token-count']).toBe('5');
    expect(Number(seen['x-amzn-bedrock-invocation-latency'])).toBeGreaterThan(0);
    client.destroy();
  });
});

describe('InvokeModelWithResponseStream', () => {
  const streaming = cases.filter((family) => family.streamText);

  it.each(streaming)('streams $name over $handler with the metrics in the last chunk', async (family) => {
    const found = await invokeStream(family.modelId, family.body, family.handler);
    const whole = await invoke(family.modelId, family.body, family.handler);
    expect(found.map((chunk) => family.streamText?.(chunk) ?? '').join('')).toBe(family.text(whole));
    const metrics = found.at(-1)['amazon-bedrock-invocationMetrics'];
    const counts = family.counts?.(whole) ?? [metrics.inputTokenCount, metrics.outputTokenCount];
    expect([metrics.inputTokenCount, metrics.outputTokenCount]).toEqual(counts);
    expect(metrics.invocationLatency).toBeGreaterThanOrEqual(metrics.firstByteLatency);
    expect(found.slice(0, -1).some((chunk) => 'amazon-bedrock-invocationMetrics' in chunk)).toBe(false);
  });

  it('refuses Jurassic-2, which cannot stream', async () => {
    const refused = invokeStream('ai21.j2-ultra-v1', { prompt: 'x' });
    await expect(refused).rejects.toThrow('unsupported for streaming');
  });
});

const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const claudeTools = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 200,
  messages,
  tools: [{ name: 'weather', description: 'Weather', input_schema: schema }],
  tool_choice: { type: 'any' },
};
const chatTools = {
  messages,
  tools: [{ type: 'function', function: { name: 'weather', description: 'Weather', parameters: schema } }],
  tool_choice: 'required',
};
const claude = 'us.anthropic.claude-haiku-4-5-20251001-v1:0';
const chat = 'openai.gpt-oss-120b-1:0';

describe('tools and structure in native formats', () => {
  it('calls a forced tool of Claude, whole and streamed', async () => {
    const answer = await invoke(claude, claudeTools);
    expect(answer).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'weather' }] });
    expect(answer.content[0].input).toEqual({ city: expect.any(String) });
    const found = await invokeStream(claude, claudeTools);
    const json = found.map((chunk) => chunk.delta?.partial_json ?? '').join('');
    expect(JSON.parse(json)).toEqual(answer.content[0].input);
  });

  it('calls a forced tool in the chat shape, whole and streamed', async () => {
    const { choices } = await invoke(chat, chatTools);
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ type: 'function' }] } });
    const found = await invokeStream(chat, { ...chatTools, tool_choice: { function: { name: 'weather' } } });
    const call = found.flatMap((chunk) => chunk.choices[0]?.delta?.tool_calls ?? [])[0];
    expect(JSON.parse(call.function.arguments)).toEqual({ city: expect.any(String) });
  });

  it('takes whole tool conversations, images and thinking', async () => {
    const history = [
      {
        role: 'user',
        content: [
          { type: 'image', source: { type: 'base64', data: 'AAAA' } },
          { type: 'text', text: 'See' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 's' },
          { type: 'redacted_thinking', data: 'AAAA' },
          { type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bern' } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'Sunny' }] },
    ];
    const answer = await invoke(claude, { ...claudeTools, messages: history, tool_choice: { type: 'auto' } });
    expect(answer.stop_reason).toBe('end_turn');
    const chatHistory = [
      { role: 'user', content: [{ type: 'text', text: 'See' }] },
      { role: 'assistant', content: null, tool_calls: [{ id: 't1', function: { name: 'weather', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 't1', content: 'Sunny' },
    ];
    const { choices } = await invoke(chat, { ...chatTools, messages: chatHistory, tool_choice: 'auto' });
    expect(choices[0].finish_reason).toBe('stop');
  });

  it('answers JSON for a schema and thinks when told to', async () => {
    const output_config = { format: { type: 'json_schema', schema } };
    const structured = await invoke(claude, {
      ...claudeTools,
      tools: undefined,
      tool_choice: undefined,
      output_config,
    });
    expect(JSON.parse(structured.content[0].text)).toEqual({ city: expect.any(String) });
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } };
    const { choices } = await invoke(chat, { messages, response_format, stop: '###' });
    expect(JSON.parse(choices[0].message.content)).toEqual({ city: expect.any(String) });
    await sandbox.control.replies({ text: 'Yes', reasoning: 'Because of reasons', count: 4 });
    expect((await invoke(claude, { ...claudeTools, tool_choice: undefined })).content).toEqual([
      { type: 'thinking', thinking: 'Because of reasons', signature: expect.any(String) },
      { type: 'text', text: 'Yes' },
    ]);
    expect((await invoke(chat, { messages })).choices[0].message.reasoning).toBe('Because of reasons');
    const thought = await invokeStream(claude, { ...claudeTools, tool_choice: undefined });
    expect(thought.map((chunk) => chunk.delta?.thinking ?? '').join('')).toBe('Because of reasons');
    const chatted = await invokeStream(chat, { messages });
    expect(chatted.map((chunk) => chunk.choices[0]?.delta?.reasoning ?? '').join('')).toBe('Because of reasons');
  });

  it('accounts for cache marks of Claude', async () => {
    const system = [{ type: 'text', text: 'long '.repeat(9_000), cache_control: { type: 'ephemeral', ttl: '1h' } }];
    const first = await invoke(claude, { ...claudeTools, tool_choice: undefined, system });
    const second = await invoke(claude, { ...claudeTools, tool_choice: undefined, system });
    expect(first.usage.cache_creation_input_tokens).toBeGreaterThan(1_000);
    expect(second.usage.cache_read_input_tokens).toBe(first.usage.cache_creation_input_tokens);
  });

  it.each([
    ['no max_tokens', claude, { ...claudeTools, max_tokens: undefined }, '#/max_tokens'],
    ['an unknown member', 'us.amazon.nova-pro-v1:0', { messages: [], extra: 1 }, 'extraneous key [extra]'],
    ['a wrong version', claude, { ...claudeTools, anthropic_version: 'x' }, '#/anthropic_version'],
    ['a Converse body', 'us.meta.llama3-3-70b-instruct-v1:0', { messages: [] }, 'Malformed input request'],
  ])('refuses %s', async (_name, modelId, body, words) => {
    await expect(invoke(modelId, body)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(words),
    });
  });

  it('refuses a model whose native format it does not know', async () => {
    await expect(invoke('cohere.embed-english-v3', {})).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
