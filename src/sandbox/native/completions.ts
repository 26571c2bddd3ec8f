import { z } from 'zod';
import type { Answer } from '../answer.js';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  prompt: z.string().min(1),
  max_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  stop: z.array(z.string().min(1)).max(10).optional(),
});

const reasons = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length' };
/** What the models take when the caller names no limit. */
const defaultMaxTokens = 512;

/** A prompt in, `choices[].text` out; `say` is how the model words what it has to say. */
function completionsFormat(say: (answer: Answer) => string): WireFormat {
  return {
    decode: decoder(body, ({ prompt, max_tokens = defaultMaxTokens, stop, temperature, top_p }) =>
      promptBody(prompt, { maxTokens: max_tokens, stopSequences: stop, temperature, topP: top_p }),
    ),
    encode: (answer) => ({ choices: [{ text: say(answer), stop_reason: stopWord(reasons, answer.stopReason) }] }),
    stream: function* (answer, _served, timing) {
      for (const text of pieces(say(answer))) yield chunk({ choices: [{ text, stop_reason: null }] });
      yield chunk({
        choices: [{ text: '', stop_reason: stopWord(reasons, answer.stopReason) }],
        ...invocationMetrics(answer, timing()),
      });
    },
  };
}

function thoughtAloud(answer: Answer): string {
  const thought = answer.blocks.find((block) => block.type === 'reasoning');
  return `${thought?.type === 'reasoning' ? thought.text : 'The sandbox thinks nothing.'}\n</think>\n\n${textOf(answer)}`;
}

/** R1, whose prompt ends inside the thinking, so that the text begins there. */
export const deepseekFormat = completionsFormat(thoughtAloud);

/** Palmyra. */
export const writerFormat = completionsFormat(textOf);
