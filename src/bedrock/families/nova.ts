import type { ContentBlock, ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { blockEvents } from '../converse-answer.js';
import { redactedEvent, stopEvent, usageEvents } from './events.js';
import { given, type Json, numberOf, objectOf, textOf, withBytesAsText } from './json.js';
import type { ModelFamily, NativeRequest } from './model-family.js';

function encode({ messages, system, inferenceConfig, toolConfig, additionalModelRequestFields }: NativeRequest): Json {
  const { inferenceConfig: ownSettings, ...own } = objectOf(additionalModelRequestFields);
  return given({
    schemaVersion: 'messages-v1',
    messages: withBytesAsText(messages),
    system: system && system.length > 0 ? system : undefined,
    inferenceConfig: { ...inferenceConfig, ...objectOf(ownSettings) },
    toolConfig,
    ...own,
  });
}

function usageOf(usage: unknown): ConverseStreamOutput[] {
  const counts = objectOf(usage);
  return usageEvents({
    inputTokens: numberOf(counts['inputTokens']),
    outputTokens: numberOf(counts['outputTokens']),
    cacheReadInputTokens: numberOf(counts['cacheReadInputTokenCount']),
    cacheWriteInputTokens: numberOf(counts['cacheWriteInputTokenCount']),
  });
}

function stopped(reason: unknown): ConverseStreamOutput[] {
  const word = textOf(reason);
  return word === undefined ? [] : [stopEvent(word)];
}

/** The shapes are those of Converse, but for bytes, which JSON carries as base64. */
function deltaEvent(event: Json): ConverseStreamOutput {
  const index = Number(event['contentBlockIndex'] ?? 0);
  const redacted = textOf(objectOf(objectOf(event['delta'])['reasoningContent'])['redactedContent']);
  if (redacted !== undefined) return redactedEvent(redacted, index);
  return { contentBlockDelta: event } as unknown as ConverseStreamOutput;
}

function decodeChunk(chunk: Json): readonly ConverseStreamOutput[] {
  if (chunk['contentBlockDelta']) return [deltaEvent(objectOf(chunk['contentBlockDelta']))];
  if (chunk['messageStop']) return stopped(objectOf(chunk['messageStop'])['stopReason']);
  if (chunk['metadata']) return usageOf(objectOf(chunk['metadata'])['usage']);
  return [chunk as unknown as ConverseStreamOutput];
}

/** The understanding models of Nova: Converse's shapes with small differences. */
export const nova: ModelFamily = {
  id: 'nova',
  takes: new Set(['tools', 'image', 'document', 'video']),
  serves: ({ nativeFormat }) => nativeFormat === 'nova',
  encode,
  decode: (answer) => {
    const content = objectOf(objectOf(answer['output'])['message'])['content'];
    const blocks = (Array.isArray(content) ? content : []) as ContentBlock[];
    return [...blocks.flatMap(blockEvents), ...stopped(answer['stopReason']), ...usageOf(answer['usage'])];
  },
  streamDecoder: () => decodeChunk,
};
