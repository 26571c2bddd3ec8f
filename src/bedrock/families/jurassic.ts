import { given, listOf, objectOf, textOf } from './json.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const template: PromptTemplate = {
  start: '',
  system: ['', '\n\n'],
  user: ['User: ', '\n'],
  assistant: ['Assistant: ', '\n'],
  open: 'Assistant:',
  markers: [/^(User|Assistant):/gm],
};

/** Its lists of tokens are all there is to count by; an empty one says nothing. */
const lengthOf = (tokens: unknown): number | undefined => listOf(tokens).length || undefined;

/** Jurassic-2, which cannot stream. */
export const jurassic = textFamily({
  id: 'jurassic-2',
  format: 'jurassic2',
  template: () => template,
  body: ({ prompt, maxTokens, temperature, topP, stop }) =>
    given({ prompt, maxTokens, temperature, topP, stopSequences: stop }),
  whole: (answer) => {
    const [completion] = listOf(answer['completions']);
    const data = objectOf(completion?.['data']);
    return {
      text: textOf(data['text']),
      stop: textOf(objectOf(completion?.['finishReason'])['reason']),
      inputTokens: lengthOf(objectOf(answer['prompt'])['tokens']),
      outputTokens: lengthOf(data['tokens']),
    };
  },
  stops: { endoftext: 'end_turn', length: 'max_tokens', stop: 'stop_sequence' },
});
