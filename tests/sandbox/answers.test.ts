import { ConverseCommand, type ConverseCommandInput, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutText, pieces } from '../../src/sandbox/answer.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { runtimeClient, userText } from './clients.js';

const modelId = 'us.anthropic.claude-sonnet-4-6';
const messages = userText('Tell me');
const schema = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 } },
  required: ['city', 'days'],
};
/** What structured output takes: closed, and without limits. */
const strictSchema = {
  ...schema,
  properties: { city: { type: 'string' }, days: { type: 'integer', enum: [3] } },
  additionalProperties: false,
};
const toolConfig = {
  tools: [
    { toolSpec: { name: 'weather', description: 'Weather', inputSchema: { json: schema } } },
    { toolSpec: { name: 'time', inputSchema: { json: { type: 'object' } } } },
  ],
};
let sandbox: TestSandbox;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

function converse(input: Partial<ConverseCommandInput> = {}) {
  const client = runtimeClient(sandbox.url);
  return client.send(new ConverseCommand({ modelId, messages, ...input })).finally(() => client.destroy());
}

const textOf = (answer: Awaited<ReturnType<typeof converse>>) =>
  answer.output?.message?.content?.map((block) => block.text ?? '').join('');

describe('the text', () => {
  it('stops at the token limit', async () => {
    const answer = await converse({ inferenceConfig: { maxTokens: 10 } });
    expect(answer).toMatchObject({ stopReason: 'max_tokens', usage: { outputTokens: 10 } });
    expect(textOf(answer)).toHaveLength(40);
  });

  it('stops at a stop sequence', async () => {
    const answer = await converse({ inferenceConfig: { stopSequences: ['zzz', 'answering'] } });
    expect(answer).not.toHaveProperty('additionalModelResponseFields');
    expect(answer.stopReason).toBe('stop_sequence');
    expect(textOf(answer)).toBe('This is the Bedrock sandbox ');
    expect(answer).not.toHaveProperty('additionalModelResponseFields');
  });

  it('comes with the fields of the model that were asked for, whole and streamed', async () => {
    const asked = {
      inferenceConfig: { stopSequences: ['answering'] },
      additionalModelResponseFieldPaths: ['/stop_sequence', '/usage/input_tokens', '/nothing'],
    };
    const answer = await converse(asked);
    const fields = { stop_sequence: 'answering', usage: { input_tokens: answer.usage?.inputTokens } };
    expect(answer.additionalModelResponseFields).toEqual(fields);
    const client = runtimeClient(sandbox.url);
    const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages, ...asked }));
    const events = [];
    for await (const event of stream ?? []) events.push(event);
    expect(events.find(({ messageStop }) => messageStop)?.messageStop?.additionalModelResponseFields).toEqual(fields);
    client.destroy();
  });

  it('comes with the service tier and latency that were asked for', async () => {
    const asked = { serviceTier: { type: 'flex' as const }, performanceConfig: { latency: 'optimized' as const } };
    const fast = { modelId: 'us.amazon.nova-pro-v1:0', ...asked };
    expect(await converse(fast)).toMatchObject(asked);
    await expect(converse(asked)).rejects.toThrow('Latency performance configuration is not supported');
    const client = runtimeClient(sandbox.url);
    const { stream } = await client.send(new ConverseStreamCommand({ messages, ...fast }));
    let last: object | undefined;
    for await (const event of stream ?? []) last = event.metadata;
    expect(last).toMatchObject(asked);
  });

  it('depends on the request and on nothing else', async () => {
    const one = textOf(await converse());
    expect(textOf(await converse())).toBe(one);
    expect(textOf(await converse({ system: [{ text: 'Be brief' }] }))).not.toBe(one);
    expect(textOf(await converse({ messages: userText('A'.repeat(200)) }))).toContain(`${'A'.repeat(80)}…`);
  });

  it('is cut into pieces that are the text again', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => pieces(text).join('') === text));
  });

  it('never goes beyond limit or stop sequence', () => {
    const cases = fc.tuple(
      fc.string(),
      fc.array(fc.string({ minLength: 1, maxLength: 2 }), { maxLength: 3 }),
      fc.nat(20),
    );
    fc.assert(
      fc.property(cases, ([text, stops, limit]) => {
        const cut = cutText(text, stops, limit);
        expect(text.startsWith(cut.text)).toBe(true);
        expect(cut.text.length).toBeLessThanOrEqual(limit * 4);
        expect(stops.some((stop) => cut.text.includes(stop))).toBe(false);
      }),
    );
  });
});

describe('structure', () => {
  it('is JSON for the schema of the output', async () => {
    const textFormat = {
      type: 'json_schema' as const,
      structure: { jsonSchema: { schema: JSON.stringify(strictSchema), name: 'x' } },
    };
    const answer = await converse({ outputConfig: { textFormat } });
    expect(JSON.parse(textOf(answer) ?? '')).toEqual({ city: expect.any(String), days: 3 });
  });

  it('calls no tool by itself', async () => {
    expect((await converse({ toolConfig })).stopReason).toBe('end_turn');
    expect((await converse({ toolConfig: { ...toolConfig, toolChoice: { auto: {} } } })).stopReason).toBe('end_turn');
  });

  it.each([
    [{ any: {} }, 'weather', { city: expect.any(String), days: 3 }],
    [{ tool: { name: 'time' } }, 'time', {}],
  ])('calls a tool under the choice %j', async (toolChoice, name, input) => {
    const answer = await converse({ toolConfig: { ...toolConfig, toolChoice } });
    expect(answer.stopReason).toBe('tool_use');
    expect(answer.output?.message?.content).toEqual([
      { toolUse: { toolUseId: expect.stringMatching(/^tooluse_/), name, input } },
    ]);
  });

  it('streams a tool call as the SDK expects it', async () => {
    const client = runtimeClient(sandbox.url);
    const input = { modelId, messages, toolConfig: { ...toolConfig, toolChoice: { any: {} } } };
    const { stream } = await client.send(new ConverseStreamCommand(input));
    const events = [];
    for await (const event of stream ?? []) events.push(event);
    expect(events[1]?.contentBlockStart?.start?.toolUse?.name).toBe('weather');
    const json = events.map((event) => event.contentBlockDelta?.delta?.toolUse?.input ?? '').join('');
    expect(JSON.parse(json)).toMatchObject({ days: 3 });
    expect(events.find((event) => event.messageStop)?.messageStop?.stopReason).toBe('tool_use');
  });

  it('gives up a tool call that the token limit leaves no room for', async () => {
    const choice = { toolConfig: { ...toolConfig, toolChoice: { any: {} } }, inferenceConfig: { maxTokens: 2 } };
    expect(await converse(choice)).toMatchObject({ stopReason: 'max_tokens', output: { message: { content: [] } } });
  });
});

describe('queued replies', () => {
  it('answer in order, each as often as it says, for the calls they are for', async () => {
    await sandbox.control.replies(
      { text: 'for others', model: 'amazon.nova-lite-v1:0' },
      { text: 'twice', count: 2 },
      { text: 'once' },
    );
    const texts = [];
    for (let call = 0; call < 4; call += 1) texts.push(textOf(await converse()));
    expect(texts.slice(0, 3)).toEqual(['twice', 'twice', 'once']);
    expect(texts[3]).toContain('sandbox');
    expect(textOf(await converse({ modelId: 'us.amazon.nova-lite-v1:0' }))).toBe('for others');
  });

  it('can call tools, think, stop for any reason and claim any usage', async () => {
    await sandbox.control.replies({
      text: 'Let me look.',
      reasoning: 'The user wants weather.',
      toolUse: [{ name: 'weather' }, { name: 'time', input: { zone: 'UTC' }, toolUseId: 'mine' }],
      usage: { inputTokens: 1_000, cacheReadInputTokens: 50 },
    });
    const answer = await converse({ toolConfig });
    expect(answer.stopReason).toBe('tool_use');
    expect(answer.output?.message?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'The user wants weather.', signature: expect.any(String) } } },
      { text: 'Let me look.' },
      { toolUse: expect.objectContaining({ name: 'weather', input: { city: expect.any(String), days: 3 } }) },
      { toolUse: { toolUseId: 'mine', name: 'time', input: { zone: 'UTC' } } },
    ]);
    expect(answer.usage).toMatchObject({ inputTokens: 1_000, cacheReadInputTokens: 50 });
    expect(answer.usage?.totalTokens).toBe(1_050 + (answer.usage?.outputTokens ?? 0));
    await sandbox.control.replies({ text: 'no', stopReason: 'guardrail_intervened' });
    expect((await converse()).stopReason).toBe('guardrail_intervened');
  });

  it('stream their thoughts first', async () => {
    await sandbox.control.replies({ text: 'Yes', reasoning: 'Think' });
    const client = runtimeClient(sandbox.url);
    const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages }));
    const deltas = [];
    for await (const event of stream ?? []) if (event.contentBlockDelta) deltas.push(event.contentBlockDelta);
    expect(deltas).toEqual([
      { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Think' } } },
      { contentBlockIndex: 0, delta: { reasoningContent: { signature: expect.any(String) } } },
      { contentBlockIndex: 1, delta: { text: 'Yes' } },
    ]);
  });

  it('of great length arrive whole', async () => {
    const text = 'long text '.repeat(6_000);
    await sandbox.control.replies({ text });
    const client = runtimeClient(sandbox.url);
    const { stream } = await client.send(new ConverseStreamCommand({ modelId, messages }));
    let length = 0;
    for await (const event of stream ?? []) length += event.contentBlockDelta?.delta?.text?.length ?? 0;
    expect(length).toBe(text.length);
  });
});

describe('the prompt cache', () => {
  const long = 'context '.repeat(2_000);
  const system = [{ text: long }, { cachePoint: { type: 'default' as const } }];

  it('writes once and reads then, and the usage adds up', async () => {
    const first = (await converse({ system })).usage;
    const second = (await converse({ system, messages: userText('Another question') })).usage;
    expect(first).toMatchObject({
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 4_000,
      cacheDetails: [{ ttl: '5m', inputTokens: 4_000 }],
    });
    expect(second).toMatchObject({ cacheReadInputTokens: 4_000, cacheWriteInputTokens: 0 });
    for (const usage of [first, second]) {
      const { inputTokens = 0, outputTokens = 0, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage ?? {};
      expect(usage?.totalTokens).toBe(inputTokens + outputTokens + cacheReadInputTokens + cacheWriteInputTokens);
    }
    const other = (await converse({ system, modelId: 'us.anthropic.claude-sonnet-5-5' })).usage;
    expect(other?.cacheReadInputTokens).toBe(0);
  });

  it('extends what it knows, and forgets after five minutes', async () => {
    const marked = [{ role: 'user' as const, content: [{ text: long }, { cachePoint: { type: 'default' as const } }] }];
    await converse({ system });
    const longer = (await converse({ system, messages: marked })).usage;
    expect(longer).toMatchObject({ cacheReadInputTokens: 4_000, cacheWriteInputTokens: 4_000 });
    await sandbox.control.clock(280_000);
    const client = runtimeClient(sandbox.url, 'HTTP/1.1', { systemClockOffset: 280_000 });
    const kept = await client.send(new ConverseCommand({ modelId, system, messages }));
    expect(kept.usage?.cacheReadInputTokens).toBe(4_000);
    await sandbox.control.clock(620_000);
    const later = runtimeClient(sandbox.url, 'HTTP/1.1', { systemClockOffset: 620_000 });
    expect((await later.send(new ConverseCommand({ modelId, system, messages }))).usage?.cacheReadInputTokens).toBe(0);
  });

  it('leaves out what is too short, and refuses models without it', async () => {
    const short = [{ text: 'brief' }, { cachePoint: { type: 'default' as const } }];
    const usage = (await converse({ modelId: 'us.amazon.nova-lite-v1:0', system: short })).usage;
    expect(usage).toMatchObject({ cacheReadInputTokens: 0, cacheWriteInputTokens: 0 });
    await expect(converse({ modelId: 'us.meta.llama3-3-70b-instruct-v1:0', system })).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});
