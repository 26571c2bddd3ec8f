import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  prompt: z.string(),
  max_gen_len: z.int().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  images: z.array(z.string()).optional(),
});

const reasons = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length' };
/** What the models take when the caller names no limit. */
const defaultMaxTokens = 512;

/** Llama 2 to 4. */
export const llamaFormat: WireFormat = {
  decode: decoder(body, ({ prompt, max_gen_len = defaultMaxTokens, temperature, top_p }) =>
    promptBody(prompt, { maxTokens: max_gen_len, temperature, topP: top_p }),
  ),
  encode: (answer) => ({
    generation: textOf(answer),
    prompt_token_count: answer.usage.inputTokens,
    generation_token_count: answer.usage.outputTokens,
    stop_reason: stopWord(reasons, answer.stopReason),
  }),
  stream: function* (answer, _served, timing) {
    for (const [index, generation] of pieces(textOf(answer)).entries()) {
      const prompt_token_count = index === 0 ? answer.usage.inputTokens : null;
      yield chunk({ generation, prompt_token_count, generation_token_count: index + 1, stop_reason: null });
    }
    yield chunk({
      generation: '',
      prompt_token_count: null,
      generation_token_count: answer.usage.outputTokens,
      stop_reason: stopWord(reasons, answer.stopReason),
      ...invocationMetrics(answer, timing()),
    });
  },
};
