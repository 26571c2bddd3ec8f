import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import {
  reasoningEvent,
  redactedEvent,
  signatureEvent,
  textEvent,
  toolInputEvent,
  toolStartEvent,
  usageEvents,
} from './events.js';
import { type Json, numberOf, objectOf, textOf } from './json.js';

/** A kind of content that has no place in our answer; the response handler says so. */
const unknown = (contentBlockIndex: number): ConverseStreamOutput => ({
  contentBlockDelta: { contentBlockIndex, delta: { $unknown: ['block', undefined] } },
});

/** A whole block of an answer, or the empty one with which a block of a stream begins. */
export function blockEvents(block: Json, index: number): ConverseStreamOutput[] {
  switch (block['type']) {
    case 'text':
      return some(block['text'], (text) => textEvent(text, index));
    case 'thinking':
      return [
        ...some(block['thinking'], (text) => reasoningEvent(text, index)),
        ...some(block['signature'], (signature) => signatureEvent(signature, index)),
      ];
    case 'redacted_thinking':
      return some(block['data'], (data) => redactedEvent(data, index));
    case 'tool_use': {
      const start = toolStartEvent(textOf(block['id']) ?? '', textOf(block['name']) ?? '', index);
      const input = objectOf(block['input']);
      const empty = Object.keys(input).length === 0;
      return empty ? [start] : [start, toolInputEvent(JSON.stringify(input), index)];
    }
    default:
      return [unknown(index)];
  }
}

/** What a stream adds to an open block. */
export function deltaEvents(delta: Json, index: number): ConverseStreamOutput[] {
  switch (delta['type']) {
    case 'text_delta':
      return some(delta['text'], (text) => textEvent(text, index));
    case 'thinking_delta':
      return some(delta['thinking'], (text) => reasoningEvent(text, index));
    case 'signature_delta':
      return some(delta['signature'], (signature) => signatureEvent(signature, index));
    case 'input_json_delta':
      return some(delta['partial_json'], (input) => toolInputEvent(input, index));
    default:
      return [];
  }
}

function some(value: unknown, event: (text: string) => ConverseStreamOutput): ConverseStreamOutput[] {
  const text = textOf(value);
  return text === undefined || text === '' ? [] : [event(text)];
}

export function usageOf(usage: unknown): ConverseStreamOutput[] {
  const counts = objectOf(usage);
  return usageEvents({
    inputTokens: numberOf(counts['input_tokens']),
    outputTokens: numberOf(counts['output_tokens']),
    cacheReadInputTokens: numberOf(counts['cache_read_input_tokens']),
    cacheWriteInputTokens: numberOf(counts['cache_creation_input_tokens']),
  });
}
