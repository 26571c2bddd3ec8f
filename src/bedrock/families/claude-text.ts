import { given, type Json, textOf } from './json.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const nextTurn = '\n\nHuman:';

const template: PromptTemplate = {
  start: '',
  system: ['', ''],
  user: [`${nextTurn} `, ''],
  assistant: ['\n\nAssistant: ', ''],
  open: '\n\nAssistant:',
  markers: [/^(Human|Assistant):/gm],
};

/** It always stops at the next turn of the human; that is no stop sequence of the caller. */
function pieceOf(answer: Json) {
  const ended = answer['stop_reason'] === 'stop_sequence' && (answer['stop'] ?? nextTurn) === nextTurn;
  return { text: textOf(answer['completion']), stop: ended ? 'end_turn' : textOf(answer['stop_reason']) };
}

/** Claude up to 2.1 and Claude Instant. */
export const claudeText = textFamily({
  id: 'claude-text',
  format: 'claude-text',
  topK: 'top_k',
  template: () => template,
  body: ({ prompt, maxTokens, temperature, topP, stop = [] }) =>
    given({
      anthropic_version: 'bedrock-2023-05-31',
      prompt,
      max_tokens_to_sample: maxTokens,
      temperature,
      top_p: topP,
      stop_sequences: [...stop, nextTurn],
    }),
  whole: pieceOf,
  chunk: pieceOf,
  stops: {},
});
