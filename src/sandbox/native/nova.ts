import { z } from 'zod';
import { converseFormat } from '../converse.js';
import { converseBody } from '../converse-body.js';
import type { Usage } from '../usage.js';
import type { WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, settings } from './native-body.js';

const inferenceConfig = z
  .strictObject({
    maxTokens: z.int().min(1).optional(),
    /** Older name of `maxTokens`. */
    max_new_tokens: z.int().min(1).optional(),
    temperature: z.number().min(0).max(1).optional(),
    topP: z.number().min(0).max(1).optional(),
    topK: z.int().min(0).max(128).optional(),
    stopSequences: z.array(z.string().min(1)).optional(),
  })
  .default({});

const body = z.strictObject({
  schemaVersion: z.literal('messages-v1').optional(),
  messages: converseBody.shape.messages,
  system: converseBody.shape.system,
  toolConfig: converseBody.shape.toolConfig,
  inferenceConfig,
});

function novaUsage({ inputTokens, outputTokens, totalTokens, ...cache }: Usage): object {
  return {
    inputTokens,
    outputTokens,
    totalTokens,
    cacheReadInputTokenCount: cache.cacheReadInputTokens,
    cacheWriteInputTokenCount: cache.cacheWriteInputTokens,
  };
}

/** Nova understanding models: Converse's shapes with small differences. */
export const novaFormat: WireFormat = {
  decode: decoder(body, ({ schemaVersion: _, inferenceConfig: { max_new_tokens, topK, ...rest }, ...parts }) => ({
    ...parts,
    inferenceConfig: settings({ ...rest, maxTokens: rest.maxTokens ?? max_new_tokens }),
    ...(topK === undefined ? {} : { additionalModelRequestFields: { top_k: topK } }),
  })),
  encode: (answer, served, timing) => {
    const { output, stopReason } = converseFormat.encode(answer, served, timing) as Record<string, unknown>;
    return { output, stopReason, usage: novaUsage(answer.usage) };
  },
  stream: function* (answer, served, timing) {
    for (const { type, payload } of converseFormat.stream?.(answer, served, timing) ?? []) {
      if (type !== 'metadata') yield chunk({ [type]: payload });
    }
    const metadata = { usage: novaUsage(answer.usage), metrics: {}, trace: {} };
    yield chunk({ metadata, ...invocationMetrics(answer, timing()) });
  },
};
