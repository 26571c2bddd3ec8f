import { z } from 'zod';
import { retrievalFormat, vectorOf } from './retrieval-format.js';

const dimensions = z.union([z.literal(256), z.literal(512), z.literal(1_024)]);

/** Titan Text Embeddings V2, and the older ones that take less. */
export const titanEmbedFormat = () =>
  retrievalFormat(
    z.strictObject({
      inputText: z.string().max(50_000),
      dimensions: dimensions.optional(),
      normalize: z.boolean().optional(),
      embeddingConfig: z.strictObject({ outputEmbeddingLength: z.int().max(1_024) }).optional(),
    }),
    ({ inputText }) => [inputText],
    ({ inputText, dimensions: wanted, embeddingConfig }, inputTextTokenCount) => ({
      embedding: vectorOf(inputText, wanted ?? embeddingConfig?.outputEmbeddingLength ?? 1_024),
      inputTextTokenCount,
    }),
  );
