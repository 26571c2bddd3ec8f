import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  prompt: z.string(),
  max_tokens: z.int().min(1).optional(),
  stop: z.array(z.string().min(1)).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
});

const reasons = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length' };
/** What the models take when the caller names no limit. */
const defaultMaxTokens = 512;

/** The text models of Mistral: a prompt in, text out, no token counts in the body. */
export const mistralFormat: WireFormat = {
  decode: decoder(body, ({ prompt, max_tokens = defaultMaxTokens, stop, temperature, top_p }) =>
    promptBody(prompt, { maxTokens: max_tokens, stopSequences: stop, temperature, topP: top_p }),
  ),
  encode: (answer) => ({ outputs: [{ text: textOf(answer), stop_reason: stopWord(reasons, answer.stopReason) }] }),
  stream: function* (answer, _served, timing) {
    for (const text of pieces(textOf(answer))) yield chunk({ outputs: [{ text, stop_reason: null }] });
    yield chunk({
      outputs: [{ text: '', stop_reason: stopWord(reasons, answer.stopReason) }],
      ...invocationMetrics(answer, timing()),
    });
  },
};
