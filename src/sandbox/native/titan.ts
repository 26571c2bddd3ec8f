import { z } from 'zod';
import { pieces } from '../answer.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, promptBody, stopWord, textOf } from './native-body.js';

const body = z.strictObject({
  inputText: z.string(),
  textGenerationConfig: z
    .strictObject({
      maxTokenCount: z.int().min(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string().min(1)).optional(),
    })
    .default({}),
});

const reasons = {
  end_turn: 'FINISH',
  max_tokens: 'LENGTH',
  stop_sequence: 'STOP_CRITERIA_MET',
  content_filtered: 'CONTENT_FILTERED',
};

/** Titan Text. */
export const titanFormat: WireFormat = {
  decode: decoder(body, ({ inputText, textGenerationConfig: { maxTokenCount, ...rest } }) =>
    promptBody(inputText, { ...rest, maxTokens: maxTokenCount }),
  ),
  encode: (answer) => ({
    inputTextTokenCount: answer.usage.inputTokens,
    results: [
      {
        tokenCount: answer.usage.outputTokens,
        outputText: textOf(answer),
        completionReason: stopWord(reasons, answer.stopReason),
      },
    ],
  }),
  stream: function* (answer, _served, timing) {
    const common = { index: 0, inputTextTokenCount: answer.usage.inputTokens };
    for (const outputText of pieces(textOf(answer))) {
      yield chunk({ ...common, outputText, totalOutputTextTokenCount: null, completionReason: null });
    }
    yield chunk({
      ...common,
      outputText: '',
      totalOutputTextTokenCount: answer.usage.outputTokens,
      completionReason: stopWord(reasons, answer.stopReason),
      ...invocationMetrics(answer, timing()),
    });
  },
};
