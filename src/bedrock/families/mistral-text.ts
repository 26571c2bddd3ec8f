import { given, type Json, listOf, textOf } from './json.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const template: PromptTemplate = {
  start: '<s>',
  system: ['', '\n\n'],
  systemInTurn: true,
  user: ['[INST] ', ' [/INST]'],
  assistant: [' ', '</s>'],
  open: '',
  markers: [/\[\/?INST\]/g, /<\/?s>/g],
};

function pieceOf(answer: Json) {
  const [output] = listOf(answer['outputs']);
  return { text: textOf(output?.['text']), stop: textOf(output?.['stop_reason']) };
}

/** Mistral 7B and Mixtral. */
export const mistralText = textFamily({
  id: 'mistral-text',
  format: 'mistral-text',
  topK: 'top_k',
  template: () => template,
  body: ({ prompt, maxTokens, temperature, topP, stop }) =>
    given({ prompt, max_tokens: maxTokens, temperature, top_p: topP, stop }),
  whole: pieceOf,
  chunk: pieceOf,
  stops: { stop: 'end_turn', length: 'max_tokens' },
});
