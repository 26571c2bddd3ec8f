import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  prompt: z.string().min(1),
  max_tokens: z.int().min(1).max(4_096).optional(),
  temperature: z.number().min(0).max(5).optional(),
  p: z.number().min(0).max(1).optional(),
  k: z.int().min(0).max(500).optional(),
  stop_sequences: z.array(z.string().min(1)).max(4).optional(),
  return_likelihoods: z.enum(['GENERATION', 'ALL', 'NONE']).optional(),
  num_generations: z.int().min(1).max(5).optional(),
  stream: z.boolean().optional(),
  truncate: z.enum(['NONE', 'START', 'END']).optional(),
});

const reasons = { end_turn: 'COMPLETE', stop_sequence: 'COMPLETE', max_tokens: 'MAX_TOKENS' };
/** What the models take when the caller names no limit. */
const defaultMaxTokens = 20;

/** Cohere Command: a prompt in, `generations` out, no token counts in the body. */
export const cohereCommandFormat: WireFormat = {
  decode: decoder(body, ({ prompt, max_tokens = defaultMaxTokens, stop_sequences, temperature, p }) =>
    promptBody(prompt, { maxTokens: max_tokens, stopSequences: stop_sequences, temperature, topP: p }),
  ),
  encode: (answer) => ({
    id: 'sandbox',
    prompt: '',
    generations: [{ id: 'sandbox', text: textOf(answer), finish_reason: stopWord(reasons, answer.stopReason) }],
  }),
  stream: function* (answer, _served, timing) {
    for (const text of pieces(textOf(answer))) yield chunk({ index: 0, text, is_finished: false });
    yield chunk({
      index: 0,
      is_finished: true,
      finish_reason: stopWord(reasons, answer.stopReason),
      ...invocationMetrics(answer, timing()),
    });
  },
};
