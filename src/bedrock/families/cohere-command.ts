import { given, type Json, listOf, textOf } from './json.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const template: PromptTemplate = {
  start: '',
  system: ['', '\n\n'],
  user: ['User: ', '\n'],
  assistant: ['Chatbot: ', '\n'],
  open: 'Chatbot:',
  markers: [/^(User|Chatbot):/gm],
};

const stops = { COMPLETE: 'end_turn', MAX_TOKENS: 'max_tokens', ERROR_TOXIC: 'content_filtered' };

function whole(answer: Json) {
  const [generation] = listOf(answer['generations']);
  return { text: textOf(generation?.['text']), stop: textOf(generation?.['finish_reason']) };
}

/** Cohere Command and Command Light. */
export const cohereCommand = textFamily({
  id: 'cohere-command',
  format: 'cohere-generate',
  topK: 'k',
  template: () => template,
  body: ({ prompt, maxTokens, temperature, topP, stop, request }) =>
    given({
      prompt,
      max_tokens: maxTokens,
      temperature,
      p: topP,
      stop_sequences: stop,
      // A stream is asked for in the body too.
      stream: request.streaming ? true : undefined,
    }),
  whole,
  // The last chunk of some versions repeats the whole text; what came before is all of it already.
  chunk: (chunk) => ({
    text: chunk['is_finished'] === true ? undefined : textOf(chunk['text']),
    stop: textOf(chunk['finish_reason']),
  }),
  stops,
});
