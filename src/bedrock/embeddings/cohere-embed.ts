import { z } from 'zod';
import type { EmbeddingFormat, EmbeddingOptions } from './embedding-format.js';

const vectors = z.array(z.array(z.number()).min(1)).min(1);
/** With types of embeddings named in the request they come by type, otherwise as they are. */
const answer = z.looseObject({ embeddings: z.union([vectors, z.looseObject({ float: vectors })]) });

const common = (texts: readonly string[], { isQuery }: EmbeddingOptions) => ({
  texts,
  input_type: isQuery ? 'search_query' : 'search_document',
  embedding_types: ['float'],
});

const decode: EmbeddingFormat['decode'] = (given) => {
  const embeddings = answer.safeParse(given).data?.embeddings;
  return embeddings && { vectors: Array.isArray(embeddings) ? embeddings : embeddings.float };
};

export const cohereEmbedV3: EmbeddingFormat = { textsPerCall: 96, encode: common, decode };

export const cohereEmbedV4: EmbeddingFormat = {
  textsPerCall: 96,
  encode: (texts, options) => ({
    ...common(texts, options),
    ...(options.dimensions && { output_dimension: options.dimensions }),
  }),
  decode,
};
