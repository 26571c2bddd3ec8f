import { given, listOf, numberOf, textOf } from './json.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const template: PromptTemplate = {
  start: '',
  system: ['', '\n\n'],
  user: ['User: ', '\n'],
  assistant: ['Bot: ', '\n'],
  open: 'Bot:',
  markers: [/^(User|Bot):/gm],
};

export const titanText = textFamily({
  id: 'titan-text',
  format: 'titan',
  template: () => template,
  body: ({ prompt, maxTokens, temperature, topP, stop }) => ({
    inputText: prompt,
    textGenerationConfig: given({ maxTokenCount: maxTokens, temperature, topP, stopSequences: stop }),
  }),
  whole: (answer) => {
    const [result] = listOf(answer['results']);
    return {
      text: textOf(result?.['outputText']),
      stop: textOf(result?.['completionReason']),
      inputTokens: numberOf(answer['inputTextTokenCount']),
      outputTokens: numberOf(result?.['tokenCount']),
    };
  },
  chunk: (chunk) => ({
    text: textOf(chunk['outputText']),
    stop: textOf(chunk['completionReason']),
    inputTokens: numberOf(chunk['inputTextTokenCount']),
    outputTokens: numberOf(chunk['totalOutputTextTokenCount']),
  }),
  stops: {
    FINISH: 'end_turn',
    LENGTH: 'max_tokens',
    STOP_CRITERIA_MET: 'stop_sequence',
    CONTENT_FILTERED: 'content_filtered',
  },
});
