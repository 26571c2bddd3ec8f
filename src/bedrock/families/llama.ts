import { base64, given, type Json, numberOf, textOf } from './json.js';
import type { NativeRequest } from './model-family.js';
import type { PromptTemplate } from './prompt-template.js';
import { textFamily } from './text-family.js';

const llama2: PromptTemplate = {
  start: '',
  system: ['<<SYS>>\n', '\n<</SYS>>\n\n'],
  systemInTurn: true,
  user: ['<s>[INST] ', ' [/INST]'],
  assistant: [' ', ' </s>'],
  open: '',
  markers: [/\[\/?INST\]/g, /<<\/?SYS>>/g, /<\/?s>/g],
};

/** Llama 3 and 4 differ in the names of their markers only. */
function headers(before: string, after: string, end: string): PromptTemplate {
  const header = (role: string): string => `${before}${role}${after}\n\n`;
  return {
    start: '<|begin_of_text|>',
    system: [header('system'), end],
    user: [header('user'), end],
    assistant: [header('assistant'), end],
    open: header('assistant'),
    image: '<|image|>',
    markers: [/<\|[a-z_]+\|>/g],
  };
}

const llama3 = headers('<|start_header_id|>', '<|end_header_id|>', '<|eot_id|>');
const llama4 = headers('<|header_start|>', '<|header_end|>', '<|eot|>');

function templateOf(model: string): PromptTemplate {
  if (model.startsWith('meta.llama2')) return llama2;
  return model.startsWith('meta.llama4') ? llama4 : llama3;
}

function images({ messages = [] }: NativeRequest): readonly string[] {
  return messages.flatMap(({ content = [] }) =>
    content.flatMap((block) => (block.image ? [base64(block.image.source?.bytes)] : [])),
  );
}

const pieceOf = (answer: Json) => ({
  text: textOf(answer['generation']),
  stop: textOf(answer['stop_reason']),
  inputTokens: numberOf(answer['prompt_token_count']),
  outputTokens: numberOf(answer['generation_token_count']),
});

/** Llama 2 to 4. There is no place for stop sequences. */
export const llama = textFamily({
  id: 'llama',
  format: 'llama',
  takes: new Set(['image']),
  template: templateOf,
  body: ({ prompt, maxTokens, temperature, topP, request }) => {
    const found = images(request);
    return given({
      prompt,
      max_gen_len: maxTokens,
      temperature,
      top_p: topP,
      images: found.length > 0 ? found : undefined,
    });
  },
  whole: pieceOf,
  chunk: pieceOf,
  stops: { stop: 'end_turn', length: 'max_tokens' },
});
