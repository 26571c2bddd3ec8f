import type { ConverseStreamOutput, Message } from '@aws-sdk/client-bedrock-runtime';
import { stopEvent, textEvent } from './events.js';
import { given, type Json, objectOf, textOf } from './json.js';
import type { ModelFamily } from './model-family.js';
import { systemText, textOfMessage } from './prompt-template.js';

const stops: Readonly<Record<string, string>> = {
  COMPLETE: 'end_turn',
  MAX_TOKENS: 'max_tokens',
  STOP_SEQUENCE: 'stop_sequence',
  ERROR_TOXIC: 'content_filtered',
  ERROR_LIMIT: 'model_context_window_exceeded',
};

const turn = (message: Message) => ({
  role: message.role === 'assistant' ? 'CHATBOT' : 'USER',
  message: textOfMessage(message),
});

const stopOf = (reason: unknown): ConverseStreamOutput[] => {
  const word = textOf(reason);
  return word === undefined ? [] : [stopEvent(stops[word] ?? word)];
};

function decodeChunk(chunk: Json): readonly ConverseStreamOutput[] {
  if (chunk['event_type'] === 'text-generation') return [textEvent(textOf(chunk['text']) ?? '')];
  return chunk['event_type'] === 'stream-end' ? stopOf(chunk['finish_reason']) : [];
}

/** Command R and R+: the last message apart from those before it. Tools go through Converse. */
export const commandR: ModelFamily = {
  id: 'command-r',
  takes: new Set(),
  topK: 'k',
  serves: ({ nativeFormat }) => nativeFormat === 'cohere-chat',
  encode: ({ messages = [], system, inferenceConfig = {}, additionalModelRequestFields }) => {
    const history = messages.slice(0, -1).map(turn);
    const last = messages.at(-1);
    return given({
      message: last ? textOfMessage(last) : '',
      chat_history: history.length > 0 ? history : undefined,
      preamble: systemText(system) || undefined,
      max_tokens: inferenceConfig.maxTokens,
      temperature: inferenceConfig.temperature,
      p: inferenceConfig.topP,
      stop_sequences: inferenceConfig.stopSequences,
      ...objectOf(additionalModelRequestFields),
    });
  },
  decode: (answer) => [textEvent(textOf(answer['text']) ?? ''), ...stopOf(answer['finish_reason'])],
  streamDecoder: () => decodeChunk,
};
