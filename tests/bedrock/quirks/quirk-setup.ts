import { expect } from '@jest/globals';
import { type ConverseFeatures, encodeConverseRequest } from '../../../src/bedrock/converse-request.js';
import { createResponseHandler } from '../../../src/bedrock/response-handler.js';
import type { Model } from '../../../src/core/model.js';
import type { Message, ModelRequest } from '../../../src/core/request.js';
import { modelId, region } from '../../../src/core/target.js';
import { loadCatalogue } from '../../../src/models/catalogue/load-catalogue.js';
import { isRefusal } from '../../../src/sandbox/aws-error.js';
import { converseBody, parseBody } from '../../../src/sandbox/converse-body.js';
import { objection } from '../../../src/sandbox/request-rules.js';
import { routed } from '../client-setup.js';

const catalogue = loadCatalogue();

export const ids = {
  claude41: 'anthropic.claude-opus-4-1-20250805-v1:0',
  claude45: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  claude46: 'anthropic.claude-sonnet-4-6',
  claude55: 'anthropic.claude-opus-5-5',
  nova: 'amazon.nova-lite-v1:0',
  nova2: 'amazon.nova-2-lite-v1:0',
  llama: 'meta.llama4-scout-17b-instruct-v1:0',
  mistral: 'mistral.mistral-large-3-675b-instruct',
  mistral7b: 'mistral.mistral-7b-instruct-v0:2',
  writer: 'writer.palmyra-x5-v1:0',
  qwen: 'qwen.qwen3-32b-v1:0',
  kimi: 'moonshotai.kimi-k2.5',
  gpt56: 'openai.gpt-5.6-sol',
  gptOss: 'openai.gpt-oss-120b-1:0',
} as const;
export type Name = keyof typeof ids;

export function rowOf(name: Name): Model {
  const model = catalogue.models.find(({ id }) => id === ids[name]);
  if (!model) throw new Error(`no ${name}`);
  return model;
}

export const targetOf = (name: Name) => ({ model: modelId(ids[name]), region: region('us-east-1') });

/** Bytes as base64, as they are on the wire. */
const onWire = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, member: unknown) =>
      member instanceof Uint8Array ? Buffer.from(member).toString('base64') : member,
    ),
  );

/** What AWS objects to in a body; undefined when it takes it. */
export function objectionTo(name: Name, body: unknown): string | undefined {
  const parsed = parseBody(converseBody, onWire(body));
  if (isRefusal(parsed)) return parsed.message;
  return objection({ model: rowOf(name), body: parsed, streaming: false, native: false })?.message;
}

/** What our client makes of a request, which AWS has to accept. */
export function sent(name: Name, given: Partial<ModelRequest> & { prompt?: string }, features?: ConverseFeatures) {
  const { input, notices, thinks } = encodeConverseRequest(routed(given, targetOf(name)), rowOf(name), features);
  expect(objectionTo(name, input)).toBeUndefined();
  return { input, notices: notices.join('\n'), thinks, messages: input.messages ?? [] };
}

export const hi = [{ role: 'user' as const, content: [{ text: 'Hi' }] }];
export const user = (...content: Exclude<Message['content'], string>): Message => ({ role: 'user', content });
export const assistant = (...content: Exclude<Message['content'], string>): Message => ({ role: 'assistant', content });
export const text = (words: string) => ({ type: 'text' as const, text: words });
export const call = (id: string) => ({ type: 'tool_use' as const, id, name: 'weather', input: {} });
export const result = (id: string, content = 'sunny', is_error = false) => ({
  type: 'tool_result' as const,
  tool_use_id: id,
  content,
  is_error,
});
export const data = Buffer.from('bytes').toString('base64');
export const image = { type: 'image' as const, format: 'png' as const, data };
export const document = { type: 'document' as const, format: 'pdf' as const, name: 'a_b.pdf', data };
export const wireTools = {
  tools: [{ toolSpec: { name: 'weather', description: 'x', inputSchema: { json: { type: 'object' } } } }],
};
export const wireCall = (id: string, input: unknown = {}) => ({ toolUse: { toolUseId: id, name: 'weather', input } });
export const wireResult = (id: string, more: object = {}) => ({
  toolResult: { toolUseId: id, content: [{ text: 'x' }], ...more },
});
/** A question, a call, and what stands in the turn after it. */
export const wireTurns = (id: string, ...answer: object[]) => [
  ...hi,
  { role: 'assistant', content: [wireCall(id)] },
  { role: 'user', content: answer },
];

export const answerHandler = (name: Name) =>
  createResponseHandler({ request: routed({ prompt: 'Hi' }, targetOf(name)) });
