import {
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type Tool,
} from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { runtimeClient, userText } from './clients.js';

let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const nova = 'us.amazon.nova-lite-v1:0';
const claude46 = 'us.anthropic.claude-sonnet-4-6';
const claude55 = 'us.anthropic.claude-sonnet-5-5';
const messages = userText('Hello');
const weather: Tool = {
  toolSpec: { name: 'weather', description: 'Weather', inputSchema: { json: { type: 'object' } } },
};
const toolConfig = { tools: [weather] };
const call = { role: 'assistant' as const, content: [{ toolUse: { toolUseId: 't1', name: 'weather', input: {} } }] };
const result = (id: string) => ({ toolResult: { toolUseId: id, content: [{ text: 'sunny' }] } });
const jsonSchema = (schema: string) => ({
  textFormat: { type: 'json_schema' as const, structure: { jsonSchema: { schema, name: 'x' } } },
});

function converse(input: Partial<ConverseCommandInput>, region = 'us-east-1') {
  const client = runtimeClient(sandbox.url, 'HTTP/1.1', { region });
  return client.send(new ConverseCommand({ modelId: nova, messages, ...input })).finally(() => client.destroy());
}

describe('what Bedrock refuses as invalid', () => {
  it.each<[string, Partial<ConverseCommandInput>, string]>([
    ['an unknown model', { modelId: 'acme.model-1' }, 'The provided model identifier is invalid.'],
    [
      'a profile of another geography',
      { modelId: 'eu.amazon.nova-lite-v1:0' },
      'The provided model identifier is invalid.',
    ],
    ['a model of another endpoint', { modelId: 'openai.gpt-5.5' }, 'The provided model identifier is invalid.'],
    [
      'a base id that needs a profile',
      { modelId: 'anthropic.claude-sonnet-4-6' },
      'inference profile that contains this model.',
    ],
    ['a model without Converse', { modelId: 'cohere.embed-english-v3' }, "doesn't support the model that you provided"],
    ['no messages', { messages: [] }, 'must start with a user message'],
    [
      'a first message of the assistant',
      { messages: [{ role: 'assistant', content: [{ text: 'Hi' }] }, ...messages] },
      'must start with a user message',
    ],
    [
      'a last message of the assistant',
      { messages: [...messages, { role: 'assistant', content: [{ text: 'Hi' }] }] },
      'must end with a user message',
    ],
    ['two messages of the user', { messages: [...messages, ...messages] }, 'must alternate'],
    ['a blank text', { messages: userText(' \n') }, 'messages.0.content.0 is blank'],
    ['a blank system text', { system: [{ text: '' }] }, 'system.0 is blank'],
    ['a message of nothing', { messages: [{ role: 'user', content: [] }] }, 'messages.0 is empty'],
    [
      'two sampling parameters on Claude 4.6',
      { modelId: claude46, inferenceConfig: { temperature: 0.5, topP: 0.9 } },
      'cannot both be specified',
    ],
    [
      'a temperature on Claude 5.5',
      { modelId: claude55, inferenceConfig: { temperature: 0.5 } },
      '`temperature` is deprecated',
    ],
    ['top_k on Claude 5.5', { modelId: claude55, additionalModelRequestFields: { top_k: 5 } }, '`top_k` is deprecated'],
    [
      'system text for a model without it',
      { modelId: 'mistral.mistral-7b-instruct-v0:2', system: [{ text: 'Hi' }] },
      "doesn't support system messages",
    ],
    [
      'tools for a model without them',
      { modelId: 'mistral.mistral-7b-instruct-v0:2', toolConfig },
      "doesn't support tool use",
    ],
    [
      'an image for a text model',
      {
        modelId: 'us.amazon.nova-micro-v1:0',
        messages: [{ role: 'user', content: [{ image: { format: 'png', source: { bytes: new Uint8Array(4) } } }] }],
      },
      "doesn't support the image content block",
    ],
    ['too many tokens of answer', { inferenceConfig: { maxTokens: 10_001 } }, 'exceeds the model limit of 10000'],
    ['too long an input', { messages: userText('word '.repeat(250_000)) }, 'Input is too long for requested model.'],
    [
      'tool use without tools',
      { messages: [...messages, call, { role: 'user', content: [result('t1')] }] },
      'toolConfig field must be defined',
    ],
    [
      'an unanswered tool call',
      { toolConfig, messages: [...messages, call, ...messages] },
      'Expected toolResult blocks at messages.2.content for the following Ids: t1',
    ],
    [
      'an answer to no tool call',
      { toolConfig, messages: [...messages, call, { role: 'user', content: [result('t1'), result('t2')] }] },
      'exceeds the number of toolUse blocks',
    ],
    ['a choice of an unknown tool', { toolConfig: { ...toolConfig, toolChoice: { tool: { name: 'x' } } } }, 'names x'],
    [
      'a tool whose input is no object',
      { toolConfig: { tools: [{ toolSpec: { name: 'x', inputSchema: { json: { type: 'string' } } } }] } },
      'toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object',
    ],
    ['a schema that is no JSON', { outputConfig: jsonSchema('{') }, 'not valid JSON'],
    ['a shape of its own', { inferenceConfig: { maxTokens: 0 } }, "Value at 'inferenceConfig.maxTokens'"],
  ])('%s', async (_name, input, words) => {
    const refused = expect(converse(input)).rejects;
    await refused.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining(words),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it('tools in a stream for a model that has them only without', async () => {
    const client = runtimeClient(sandbox.url);
    const input = { modelId: 'us.meta.llama3-3-70b-instruct-v1:0', messages, toolConfig };
    await expect(client.send(new ConverseStreamCommand(input))).rejects.toThrow('tool use in streaming mode');
    expect((await client.send(new ConverseCommand(input))).stopReason).toBe('end_turn');
  });

  it('a body that is no JSON', async () => {
    const client = runtimeClient(sandbox.url);
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, request: Object.assign(args.request as object, { body: '{"messages": [' }) }),
      { step: 'build', priority: 'high' },
    );
    await expect(client.send(new ConverseCommand({ modelId: nova, messages }))).rejects.toThrow(
      'Malformed input request',
    );
  });
});

describe('what Bedrock lets pass', () => {
  it.each<[string, Partial<ConverseCommandInput>]>([
    ['one sampling parameter on Claude 4.6', { modelId: claude46, inferenceConfig: { temperature: 0.5 } }],
    ['both on Nova', { inferenceConfig: { temperature: 0.5, topP: 0.9 } }],
    ['a global profile', { modelId: 'global.anthropic.claude-sonnet-4-6' }],
    ['a base id that stands alone', { modelId: 'amazon.nova-lite-v1:0' }],
    ['the ARN of a model', { modelId: 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0' }],
    ['an answered tool call', { toolConfig, messages: [...messages, call, { role: 'user', content: [result('t1')] }] }],
  ])('%s', async (_name, input) => {
    expect((await converse(input)).stopReason).toBe('end_turn');
  });

  it('a profile in its own region', async () => {
    expect((await converse({ modelId: 'eu.amazon.nova-lite-v1:0' }, 'eu-west-1')).stopReason).toBe('end_turn');
  });
});

describe('lifecycle and access', () => {
  it('answers for a retired model as for one that is gone', async () => {
    const retired = 'us.anthropic.claude-3-5-sonnet-20241022-v2:0';
    await expect(converse({ modelId: retired })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('reached the end of its life'),
      $metadata: { httpStatusCode: 404 },
    });
  });

  it('retires a model on its day', async () => {
    const jamba = { modelId: 'ai21.jamba-1-5-mini-v1:0' };
    await sandbox.control.clock(Date.parse('2026-11-20') - Date.now());
    const skewed = { systemClockOffset: Date.parse('2026-11-20') - Date.now() };
    const before = runtimeClient(sandbox.url, 'HTTP/1.1', skewed);
    expect((await before.send(new ConverseCommand({ ...jamba, messages }))).stopReason).toBe('end_turn');
    await sandbox.control.clock(Date.parse('2026-12-20') - Date.now());
    const after = runtimeClient(sandbox.url, 'HTTP/1.1', { systemClockOffset: Date.parse('2026-12-20') - Date.now() });
    await expect(after.send(new ConverseCommand({ ...jamba, messages }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('denies access to what the operator took away, and gives it back', async () => {
    const model = 'amazon.nova-lite-v1:0';
    await sandbox.control.access({ model, access: 'denied' });
    await expect(converse({})).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: "You don't have access to the model with the specified model ID.",
    });
    await sandbox.control.access({ model, access: 'granted' });
    expect((await converse({})).stopReason).toBe('end_turn');
    await sandbox.control.access({ model, lifecycle: 'EOL' });
    await expect(converse({})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
