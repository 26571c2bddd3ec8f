import { z } from 'zod';
import type { Answer } from '../answer.js';
import { pieces } from '../answer.js';
import { invalid, isRefusal } from '../aws-error.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  anthropic_version: z.literal('bedrock-2023-05-31').optional(),
  prompt: z.string(),
  max_tokens_to_sample: z.int().min(1),
  stop_sequences: z.array(z.string().min(1)).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
});

const human = '\n\nHuman:';
const assistant = '\n\nAssistant:';
const reasons = { end_turn: 'stop_sequence' };

const read = decoder(body, ({ prompt, max_tokens_to_sample, stop_sequences, temperature, top_p }) =>
  promptBody(prompt, { maxTokens: max_tokens_to_sample, stopSequences: stop_sequences, temperature, topP: top_p }),
);

/** Where it ended: at the next turn of the human, unless a sequence of the caller or the limit came first. */
function ending({ stopReason, stopSequence = human }: Answer): object {
  return { stop_reason: stopWord(reasons, stopReason), stop: stopReason === 'max_tokens' ? null : stopSequence };
}

/** Claude up to 2.1 and Claude Instant: a prompt of named turns, no token counts in the body. */
export const claudeTextFormat: WireFormat = {
  decode: (json) => {
    const decoded = read(json);
    if (isRefusal(decoded)) return decoded;
    const prompt = decoded.messages[0]?.content[0]?.text ?? '';
    if (!prompt.includes(human))
      return invalid('prompt must start with "\n\nHuman:" turn after an optional system prompt');
    return prompt.includes(assistant, prompt.lastIndexOf(human))
      ? decoded
      : invalid('prompt must end with "\n\nAssistant:" turn');
  },
  encode: (answer) => ({ type: 'completion', completion: ` ${textOf(answer)}`, ...ending(answer) }),
  stream: function* (answer, _served, timing) {
    for (const completion of pieces(` ${textOf(answer)}`)) {
      yield chunk({ type: 'completion', completion, stop_reason: null, stop: null });
    }
    yield chunk({ type: 'completion', completion: '', ...ending(answer), ...invocationMetrics(answer, timing()) });
  },
};
