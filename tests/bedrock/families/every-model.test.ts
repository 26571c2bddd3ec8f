import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerSource } from '../../../src/bedrock/answer-source.js';
import type { BedrockClient } from '../../../src/bedrock/bedrock-client.js';
import type { NativeMode } from '../../../src/bedrock/families/native-choice.js';
import { openaiChat } from '../../../src/bedrock/families/openai-chat.js';
import { encodeModelCall, type ModelCall } from '../../../src/bedrock/model-call.js';
import { createResponseHandler, type GatheredAnswer } from '../../../src/bedrock/response-handler.js';
import type { RuntimeClient } from '../../../src/bedrock/runtime-client.js';
import type { Model } from '../../../src/core/model.js';
import type { Message, ModelRequest } from '../../../src/core/request.js';
import type { ModelResponse, Usage } from '../../../src/core/response.js';
import { modelId, profileId, region, type Target } from '../../../src/core/target.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import { callContext } from '../../support/call-context.js';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox.js';
import { clientOf, routed, runtimeOf, weatherTool } from '../client-setup.js';

/* Every chat model of the catalogue, retired ones revived: asked in every way, under the rules of its family. */

const published = loadCatalogue();
/** The table knows no profile of one model that needs one; it is asked by its own id. */
const models = published.models.map((model) =>
  Object.keys(model.profiles).length === 0 ? { ...model, requiresProfile: false } : model,
);
const catalogue = { ...published, models };
const chat = models.filter((model) => model.kind === 'chat' && model.endpoint === undefined);

/** Through a profile where there is one for the region in which all is asked. */
function targetOf(model: Model): Target {
  const profile = model.profiles['us'] ?? model.profiles['global'];
  const target = { model: modelId(model.id), region: region('us-east-1') };
  return profile === undefined ? target : { ...target, profile: profileId(profile) };
}

const data = Buffer.from('some bytes').toString('base64');

/** As much as the model can take, and a history that no model takes as it is. */
function richRequest(model: Model): Partial<ModelRequest> {
  const attachments: Exclude<Message['content'], string> = [
    ...(model.input.includes('image') ? [{ type: 'image' as const, format: 'png' as const, data }] : []),
    ...(model.input.includes('document')
      ? [{ type: 'document' as const, format: 'pdf' as const, name: 'a_b.pdf', data }]
      : []),
    ...(model.input.includes('video') ? [{ type: 'video' as const, format: 'mp4' as const, data }] : []),
    ...(model.input.includes('audio') ? [{ type: 'audio' as const, format: 'wav' as const, data }] : []),
  ];
  const messages: Message[] = [
    { role: 'assistant', content: 'Welcome! ' },
    { role: 'user', content: [{ type: 'text', text: ' ' }, ...attachments, { type: 'text', text: 'Look at this.' }] },
    { role: 'user', content: 'And at that.' },
    {
      role: 'assistant',
      content: [
        { type: 'reasoning', text: 'Hm' },
        { type: 'text', text: 'I see.' },
      ],
    },
    { role: 'user', content: 'What do you see?' },
  ];
  return {
    system: 'Be brief.',
    messages,
    temperature: 0.4,
    top_p: 0.8,
    top_k: 20,
    stop_sequences: ['NEVER-THERE'],
    max_tokens: 300,
  };
}

function toolRequest(choice: string): Partial<ModelRequest> {
  const messages: Message[] = [
    { role: 'user', content: 'Weather in Bern?' },
    {
      role: 'assistant',
      content: [
        { type: 'tool_use', id: 'tooluse_0123456789', name: 'weather', input: { city: 'Bern' } },
        { type: 'tool_use', id: 'tooluse_abc', name: 'weather', input: { city: 'Rome' } },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Here it is.' },
        { type: 'tool_result', tool_use_id: 'tooluse_0123456789', content: 'no service', is_error: true },
      ],
    },
  ];
  return { messages, tools: [weatherTool], tool_choice: choice, max_tokens: 300 };
}

let sandbox: TestSandbox;
let runtime: RuntimeClient;
const clients = new Map<NativeMode, BedrockClient>();

beforeAll(async () => {
  sandbox = await startTestSandbox({ catalogue });
  await sandbox.control.access(...chat.map(({ id }) => ({ model: id, lifecycle: 'ACTIVE' as const })));
  runtime = runtimeOf(sandbox.url);
  for (const nativeFormats of ['never', 'fallback', 'always'] as const) {
    clients.set(nativeFormats, clientOf(sandbox.url, catalogue, { nativeFormats }));
  }
});
afterAll(async () => {
  runtime.destroy();
  for (const client of clients.values()) client.close();
  await sandbox.close();
});

function ask(model: Model, given: Parameters<typeof routed>[0], mode: NativeMode): Promise<ModelResponse> {
  const client = clients.get(mode);
  if (!client) throw new Error('no client');
  return client.converse(routed(given, targetOf(model)), callContext());
}

/** The same in one piece, also where the model could stream. */
async function askWhole(model: Model, given: Partial<ModelRequest>, mode: NativeMode): Promise<GatheredAnswer> {
  const request = routed(given, targetOf(model));
  const call: ModelCall = encodeModelCall(request, model, mode);
  const { streamDecoder: _, ...family } = call.family ?? openaiChat;
  const whole = call.family ? { ...call, family } : call;
  const source = answerSource(runtime, whole, { ...model, converseStream: false }, request.target);
  expect(source.streams).toBe(false);
  const answer = createResponseHandler({ request, decoding: call.decoding });
  for await (const event of await source.open(new AbortController().signal)) {
    if (source.split) source.split(event, answer.add);
    else answer.add(event);
  }
  const gathered = answer.finish();
  return { ...gathered, notices: [...call.notices, ...gathered.notices] };
}

function expectIdentity(usage: Usage): void {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, totalTokens, estimated } = usage;
  expect(estimated).toBe(false);
  expect(inputTokens).toBeGreaterThan(0);
  expect(outputTokens).toBeGreaterThan(0);
  expect(totalTokens).toBe(inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens);
}

function expectAnswer(model: Model, { content, stopReason, usage }: GatheredAnswer): void {
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  expect(text).toContain(model.id);
  expect(text).not.toMatch(/<\/?think/);
  expect(stopReason).toBe('end_turn');
  expectIdentity(usage);
}

it('finds the whole catalogue', () => {
  expect(chat.length).toBeGreaterThan(120);
});

describe.each(['never', 'always'] as const)('native formats %s', (mode) => {
  it.each(chat.map((model) => [model.id, model] as const))('%s answers a rich request', async (_id, model) => {
    expectAnswer(model, await ask(model, richRequest(model), mode));
    expectAnswer(model, await askWhole(model, richRequest(model), mode));
  });

  const withTools = chat.filter(({ tools }) => tools !== false);
  it.each(withTools.map((model) => [model.id, model] as const))('%s uses tools', async (_id, model) => {
    const own = await ask(model, toolRequest('weather'), mode);
    expectIdentity(own.usage);
    const forced = await askWhole(model, toolRequest('any'), mode);
    const called = [own, forced].filter(({ notices }) => !notices.some((notice) => notice.includes('tool_choice')));
    for (const { content, stopReason } of called) {
      expect(content).toEqual([expect.objectContaining({ type: 'tool_use', name: 'weather' })]);
      expect(stopReason).toBe('tool_use');
    }
    expectAnswer(model, await ask(model, toolRequest('auto'), mode));
  });
});

it('goes the native way for each family when told to, and where Converse lacks what is asked', async () => {
  await sandbox.control.clearCalls();
  const mistral = chat.find(({ id }) => id === 'mistral.mistral-7b-instruct-v0:2') as Model;
  await ask(mistral, { prompt: 'Hi', top_k: 5 }, 'fallback');
  await ask(mistral, { prompt: 'Hi' }, 'fallback');
  await ask({ ...mistral }, { prompt: 'Hi' }, 'always');
  expect((await sandbox.control.calls()).map(({ operation }) => operation)).toEqual([
    'InvokeModelWithResponseStream',
    'ConverseStream',
    'InvokeModelWithResponseStream',
  ]);
});
