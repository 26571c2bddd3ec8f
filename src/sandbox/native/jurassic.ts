import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { decoder, promptBody, stopWord, textOf } from './native-body.js';

const penalty = z.looseObject({ scale: z.number() }).optional();

const body = z.strictObject({
  prompt: z.string(),
  maxTokens: z.int().min(0).optional(),
  minTokens: z.int().min(0).optional(),
  numResults: z.int().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  topP: z.number().min(0).max(1).optional(),
  topKReturn: z.int().min(0).optional(),
  stopSequences: z.array(z.string().min(1)).optional(),
  countPenalty: penalty,
  presencePenalty: penalty,
  frequencyPenalty: penalty,
});

const reasons = { end_turn: 'endoftext', max_tokens: 'length', stop_sequence: 'stop' };
/** What the models took when the caller named no limit. */
const defaultMaxTokens = 16;

function tokensOf(text: string): object[] {
  let at = 0;
  return pieces(text).map((token) => {
    const textRange = { start: at, end: at + token.length };
    at = textRange.end;
    return { generatedToken: { token, logprob: -0.1, raw_logprob: -0.1 }, topTokens: null, textRange };
  });
}

/** Jurassic-2, which gives no token counts in its body and cannot stream. */
export const jurassicFormat: WireFormat = {
  decode: decoder(body, ({ prompt, maxTokens, temperature, topP, stopSequences }) =>
    promptBody(prompt, { maxTokens: maxTokens || defaultMaxTokens, temperature, topP, stopSequences }),
  ),
  encode: (answer, { requestedId }) => {
    const text = textOf(answer);
    return {
      id: requestedId.length,
      prompt: { tokens: [] },
      completions: [
        { data: { text, tokens: tokensOf(text) }, finishReason: { reason: stopWord(reasons, answer.stopReason) } },
      ],
    };
  },
};
