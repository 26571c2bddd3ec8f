import { describe, expect, it } from '@jest/globals';
import { encodeConverseRequest } from '../../src/bedrock/converse-request.js';
import { type Model, modelSchema } from '../../src/core/model.js';
import type { Message, ModelRequest } from '../../src/core/request.js';
import { modelId, type Target } from '../../src/core/target.js';
import { errorOf, nova, routed, weatherTool } from './client-setup.js';

const model = (overrides: Partial<Model> = {}): Model =>
  modelSchema.parse({
    id: 'x',
    provider: 'x',
    family: 'nova',
    kind: 'chat',
    lifecycle: { status: 'ACTIVE' },
    callable: true,
    input: ['text'],
    output: ['text'],
    converse: true,
    converseStream: true,
    ...overrides,
  });

const of = (id: string): Target => ({ model: modelId(id), region: nova.region });
const encode = (given: Partial<ModelRequest> & { prompt?: string }, target = nova, row: Model | undefined = model()) =>
  encodeConverseRequest(routed(given, target), row);
const user = (...content: Exclude<Message['content'], string>): Message => ({ role: 'user', content });
const text = (words: string) => ({ type: 'text' as const, text: words });
const data = Buffer.from('bytes').toString('base64');
const bytes = new Uint8Array(Buffer.from('bytes'));

it('sends a prompt to the profile, always with maxTokens', () => {
  expect(encode({ prompt: 'Hi', max_tokens: 50, temperature: 0.5, top_p: 0.9, stop_sequences: ['END'] })).toMatchObject(
    {
      input: {
        modelId: 'us.amazon.nova-lite-v1:0',
        messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
        inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
      },
      notices: [],
    },
  );
});

it('lowers max_tokens to what the model gives and says so', () => {
  const { input, notices } = encode({ prompt: 'Hi', max_tokens: 9_000 }, nova, model({ maxOutput: 5_000 }));
  expect(input.inferenceConfig?.maxTokens).toBe(5_000);
  expect(notices).toEqual([expect.stringContaining('lowered to 5000')]);
});

describe('system text', () => {
  it('has its own place, unless it is blank', () => {
    expect(encode({ prompt: 'Hi', system: 'Be brief.' }).input.system).toEqual([{ text: 'Be brief.' }]);
    expect(encode({ prompt: 'Hi', system: '  ' }).input).not.toHaveProperty('system');
  });

  it('goes before the first user turn of a model that knows none', () => {
    const { input } = encode({ prompt: 'Hi', system: 'Be brief.' }, nova, model({ system: false }));
    expect(input.system).toBeUndefined();
    expect(input.messages).toEqual([{ role: 'user', content: [{ text: 'Be brief.' }, { text: 'Hi' }] }]);
  });
});

describe('messages', () => {
  it('are merged by role, without blank texts', () => {
    const messages: Message[] = [
      user(text('a'), text('  ')),
      { role: 'user', content: 'b' },
      { role: 'assistant', content: [text(' '), text('c')] },
      { role: 'user', content: 'd' },
    ];
    expect(encode({ messages }).input.messages).toEqual([
      { role: 'user', content: [{ text: 'a' }, { text: 'b' }] },
      { role: 'assistant', content: [{ text: 'c' }] },
      { role: 'user', content: [{ text: 'd' }] },
    ]);
  });

  it('carry images and documents as bytes, documents under clean names of their own', () => {
    const messages = [
      user(
        { type: 'image', format: 'png', data },
        { type: 'document', format: 'pdf', name: 'a_b.pdf', data },
        { type: 'document', format: 'txt', name: 'a b  pdf', data },
        { type: 'document', format: 'md', name: '???', data },
      ),
    ];
    expect(encode({ messages }).input.messages?.[0]?.content).toEqual([
      { image: { format: 'png', source: { bytes } } },
      { document: { format: 'pdf', name: 'a b pdf', source: { bytes } } },
      { document: { format: 'txt', name: 'a b pdf (2)', source: { bytes } } },
      { document: { format: 'md', name: 'document', source: { bytes } } },
      { text: expect.any(String) },
    ]);
  });

  it('give reasoning back only as it was signed', () => {
    const messages: Message[] = [
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'signed', signature: 's' },
          { type: 'reasoning', redacted: data },
          { type: 'reasoning', text: 'unsigned' },
          text('b'),
        ],
      },
      { role: 'user', content: 'c' },
    ];
    const { input, notices } = encode({ messages });
    expect(input.messages?.[1]?.content).toEqual([
      { reasoningContent: { reasoningText: { text: 'signed', signature: 's' } } },
      { reasoningContent: { redactedContent: bytes } },
      { text: 'b' },
    ]);
    expect(notices).toEqual([expect.stringContaining('signature')]);
  });
});

describe('tools', () => {
  const tools = [weatherTool, { ...weatherTool, name: 'time', input_schema: {} }];
  const history: Message[] = [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'weather', input: { city: 'Bern' } }] },
    user({ type: 'tool_result', tool_use_id: 't1', content: 'sunny' }),
  ];
  const names = (given: Parameters<typeof encode>[0], row?: Model) =>
    encode(given, nova, row).input.toolConfig?.tools?.map((tool) => tool.toolSpec?.name);

  it.each([
    [undefined, undefined],
    ['auto', { auto: {} }],
    ['any', { any: {} }],
    ['time', { tool: { name: 'time' } }],
  ])('with choice %s', (tool_choice, expected) => {
    const { toolConfig } = encode({ prompt: 'x', tools, ...(tool_choice && { tool_choice }) }).input;
    expect(toolConfig?.toolChoice).toEqual(expected);
    expect(toolConfig?.tools).toHaveLength(2);
    expect(toolConfig?.tools?.[1]?.toolSpec).toMatchObject({ name: 'time', inputSchema: { json: { type: 'object' } } });
  });

  it.each([
    ['mistral', 'time', { any: {} }, ['time'], 0],
    ['mistral', 'any', { any: {} }, ['weather', 'time'], 0],
    ['llama3', 'time', { auto: {} }, ['weather', 'time'], 1],
    ['llama4', 'any', { auto: {} }, ['weather', 'time'], 1],
  ] as const)('of %s with choice %s', (family, tool_choice, choice, sent, notices) => {
    const encoded = encode({ prompt: 'x', tools, tool_choice }, nova, model({ family }));
    expect(encoded.input.toolConfig?.toolChoice).toEqual(choice);
    expect(names({ prompt: 'x', tools, tool_choice }, model({ family }))).toEqual(sent);
    expect(encoded.notices).toHaveLength(notices);
  });

  it('are left out for the choice none, unless the conversation holds tool calls', () => {
    expect(encode({ prompt: 'x', tools, tool_choice: 'none' }).input).not.toHaveProperty('toolConfig');
    const { input, notices } = encode({ messages: history, tools, tool_choice: 'none' });
    expect(input.toolConfig?.tools).toHaveLength(2);
    expect(input.toolConfig).not.toHaveProperty('toolChoice');
    expect(notices).toHaveLength(1);
  });

  it('have their calls and results encoded', () => {
    expect(encode({ messages: history, tools }).input.messages?.slice(1)).toEqual([
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'weather', input: { city: 'Bern' } } }] },
      { role: 'user', content: [{ toolResult: { toolUseId: 't1', content: [{ text: 'sunny' }] } }] },
    ]);
  });

  it.each([
    [{ content: '' }, { content: [] }],
    [
      { content: 'no', is_error: true },
      { content: [{ text: 'no' }], status: 'error' },
    ],
    [
      { content: ' ', is_error: true },
      { content: [{ text: 'failed without a message' }], status: 'error' },
    ],
  ])('result %j', (result, expected) => {
    const messages = [...history.slice(0, 2), user({ type: 'tool_result', tool_use_id: 't1', ...result })];
    expect(encode({ messages, tools }).input.messages?.[2]?.content).toEqual([
      { toolResult: { toolUseId: 't1', ...expected } },
    ]);
  });

  it('of an earlier turn become text when none are given now', () => {
    const failed = user({ type: 'tool_result', tool_use_id: 't1', content: 'no', is_error: true });
    const { input, notices } = encode({ messages: [...history.slice(0, 2), failed] });
    expect(input.messages?.slice(1)).toEqual([
      { role: 'assistant', content: [{ text: '[called weather: {"city":"Bern"}]' }] },
      { role: 'user', content: [{ text: '[result (error): no]' }] },
    ]);
    expect(notices).toHaveLength(1);
  });

  it('are refused for a model that knows none', async () => {
    const call = async () => encode({ prompt: 'x', tools }, nova, model({ tools: false }));
    expect(await errorOf(call())).toMatchObject({ category: 'validation', reason: 'not_supported' });
  });
});

describe('sampling', () => {
  const all = { prompt: 'x', temperature: 0.3, top_p: 0.8, top_k: 40, stop_sequences: ['END'] };
  const full = { temperature: 0.3, topP: 0.8, stopSequences: ['END'] };

  it.each([
    ['amazon.nova-pro-v1:0', full, { inferenceConfig: { topK: 40 } }, []],
    ['amazon.nova-2-lite-v1:0', full, { inferenceConfig: { topK: 40 } }, []],
    ['anthropic.claude-3-haiku-20240307-v1:0', full, { top_k: 40 }, []],
    ['anthropic.claude-opus-4-20250514-v1:0', full, { top_k: 40 }, []],
    ['anthropic.claude-opus-4-1-20250805-v1:0', { ...full, topP: undefined }, { top_k: 40 }, ['top_p']],
    ['anthropic.claude-haiku-4-5-20251001-v1:0', { ...full, topP: undefined }, { top_k: 40 }, ['top_p']],
    ['anthropic.claude-sonnet-4-6', { ...full, topP: undefined }, { top_k: 40 }, ['top_p']],
    ...['opus-4-7', 'opus-4-8', 'opus-5', 'opus-5-5', 'sonnet-5', 'sonnet-5-5', 'fable-5-2', 'haiku-5-5'].map(
      (name) =>
        [`anthropic.claude-${name}`, { stopSequences: ['END'] }, undefined, ['temperature', 'top_p', 'top_k']] as const,
    ),
    ['meta.llama3-3-70b-instruct-v1:0', full, undefined, ['top_k']],
    ['openai.gpt-5.6-sol', { ...full, stopSequences: undefined }, undefined, ['stop_sequences', 'top_k']],
  ] as const)('of %s', (id, sampled, extra, left) => {
    const { input, notices } = encode(all, of(id));
    const { maxTokens: _, ...rest } = input.inferenceConfig ?? {};
    expect(rest).toEqual(JSON.parse(JSON.stringify(sampled)));
    expect(input.additionalModelRequestFields).toEqual(extra);
    expect(notices).toEqual(left.map((name) => expect.stringContaining(`\`${name}\` was left out: ${id}`)));
  });

  it('keeps top_p where temperature is not given', () => {
    const { input, notices } = encode({ prompt: 'x', top_p: 0.8 }, of('anthropic.claude-sonnet-4-6'));
    expect(input.inferenceConfig?.topP).toBe(0.8);
    expect(notices).toEqual([]);
  });
});

it('assumes everything of a model that the catalogue does not know', () => {
  const { input } = encodeConverseRequest(
    routed({ prompt: 'x', system: 's', max_tokens: 1_000_000, tools: [weatherTool] }),
    undefined,
  );
  expect(input).toMatchObject({ system: [{ text: 's' }], inferenceConfig: { maxTokens: 1_000_000 } });
  expect(input.toolConfig?.tools).toHaveLength(1);
});
