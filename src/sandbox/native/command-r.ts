import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, mergeTurns, settings, stopWord, textOf } from './native-body.js';

const anything = z.looseObject({});
const turn = z.strictObject({ role: z.enum(['USER', 'CHATBOT']), message: z.string() });

const body = z.strictObject({
  message: z.string(),
  chat_history: z.array(turn).default([]),
  preamble: z.string().optional(),
  documents: z.array(anything).optional(),
  search_queries_only: z.boolean().optional(),
  max_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  p: z.number().min(0).max(1).optional(),
  k: z.number().min(0).max(500).optional(),
  prompt_truncation: z.string().optional(),
  frequency_penalty: z.number().optional(),
  presence_penalty: z.number().optional(),
  seed: z.int().optional(),
  return_prompt: z.boolean().optional(),
  stop_sequences: z.array(z.string().min(1)).max(5).optional(),
  raw_prompting: z.boolean().optional(),
});

const reasons = { end_turn: 'COMPLETE', stop_sequence: 'COMPLETE', max_tokens: 'MAX_TOKENS' };

/** Command R and R+: the last message apart from those before it. Its tools are not served here. */
export const commandRFormat: WireFormat = {
  decode: decoder(body, ({ message, chat_history, preamble, max_tokens, temperature, p, stop_sequences }) => {
    const turns = [...chat_history, { role: 'USER' as const, message }];
    return {
      messages: mergeTurns(
        turns.map(({ role, message: text }) => ({
          role: role === 'USER' ? ('user' as const) : ('assistant' as const),
          content: [{ text }],
        })),
      ),
      system: preamble === undefined ? [] : [{ text: preamble }],
      inferenceConfig: settings({ maxTokens: max_tokens, temperature, topP: p, stopSequences: stop_sequences }),
    };
  }),
  encode: (answer) => ({
    response_id: 'sandbox',
    generation_id: 'sandbox',
    text: textOf(answer),
    finish_reason: stopWord(reasons, answer.stopReason),
    chat_history: [],
  }),
  stream: function* (answer, _served, timing) {
    yield chunk({ event_type: 'stream-start', is_finished: false, generation_id: 'sandbox' });
    for (const text of pieces(textOf(answer))) yield chunk({ event_type: 'text-generation', is_finished: false, text });
    const finish_reason = stopWord(reasons, answer.stopReason);
    yield chunk({
      event_type: 'stream-end',
      is_finished: true,
      finish_reason,
      response: { text: textOf(answer), finish_reason },
      ...invocationMetrics(answer, timing()),
    });
  },
};
