import { z } from 'zod';
import type { EmbeddingFormat } from './embedding-format.js';

const answer = z.looseObject({
  embeddings: z.array(z.looseObject({ embedding: z.array(z.number()).min(1) })).length(1),
});

/** Nova Multimodal Embeddings, its text side. */
export const novaEmbed: EmbeddingFormat = {
  textsPerCall: 1,
  encode: ([value], { isQuery, dimensions }) => ({
    taskType: 'SINGLE_EMBEDDING',
    singleEmbeddingParams: {
      embeddingPurpose: isQuery ? 'TEXT_RETRIEVAL' : 'GENERIC_INDEX',
      ...(dimensions && { embeddingDimension: dimensions }),
      text: { truncationMode: 'NONE', value },
    },
  }),
  decode: (given) => {
    const { data } = answer.safeParse(given);
    return data && { vectors: data.embeddings.map(({ embedding }) => embedding) };
  },
};
