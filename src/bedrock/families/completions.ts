import { given, type Json, listOf, numberOf, objectOf, textOf } from './json.js';
import type { ModelFamily } from './model-family.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

function pieceOf(answer: Json) {
  const [choice] = listOf(answer['choices']);
  const usage = objectOf(answer['usage']);
  return {
    text: textOf(choice?.['text']),
    stop: textOf(choice?.['stop_reason'] ?? choice?.['finish_reason']),
    inputTokens: numberOf(usage['prompt_tokens']),
    outputTokens: numberOf(usage['completion_tokens']),
  };
}

/** The older shape of OpenAI: a prompt in, `choices[].text` out. */
export function completionsFamily(id: string, format: string, template: PromptTemplate): ModelFamily {
  return textFamily({
    id,
    format,
    template: () => template,
    body: ({ prompt, maxTokens, temperature, topP, stop }) =>
      given({ prompt, max_tokens: maxTokens, temperature, top_p: topP, stop }),
    whole: pieceOf,
    chunk: pieceOf,
    stops: { stop: 'end_turn', length: 'max_tokens' },
  });
}
