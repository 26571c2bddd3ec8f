import { z } from 'zod';
import { retrievalFormat, vectorOf } from './retrieval-format.js';

const dimension = z.union([z.literal(256), z.literal(384), z.literal(1_024), z.literal(3_072)]);

/** The text side of Nova Multimodal Embeddings; its tokens are in the headers only. */
export const novaEmbedFormat = () =>
  retrievalFormat(
    z.strictObject({
      schemaVersion: z.string().optional(),
      taskType: z.literal('SINGLE_EMBEDDING'),
      singleEmbeddingParams: z.strictObject({
        embeddingPurpose: z.string(),
        embeddingDimension: dimension.optional(),
        text: z.strictObject({ truncationMode: z.enum(['START', 'END', 'NONE']), value: z.string() }),
      }),
    }),
    ({ singleEmbeddingParams: { text } }) => [text.value],
    ({ singleEmbeddingParams: { text, embeddingDimension = 3_072 } }) => ({
      embeddings: [{ embeddingType: 'TEXT', embedding: vectorOf(text.value, embeddingDimension) }],
    }),
  );
