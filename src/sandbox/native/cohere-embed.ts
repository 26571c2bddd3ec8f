import { z } from 'zod';
import { retrievalFormat, vectorOf } from './retrieval-format.js';

/** Cohere Embed v3 and v4; their tokens are in the headers only. */
export const cohereEmbedFormat = () =>
  retrievalFormat(
    z.strictObject({
      texts: z.array(z.string()).min(1).max(96),
      input_type: z.enum(['search_document', 'search_query', 'classification', 'clustering']),
      truncate: z.enum(['NONE', 'START', 'END', 'LEFT', 'RIGHT']).optional(),
      embedding_types: z.array(z.enum(['float', 'int8', 'uint8', 'binary', 'ubinary'])).optional(),
      output_dimension: z.int().max(1_536).optional(),
    }),
    ({ texts }) => texts,
    ({ texts, embedding_types, output_dimension = 1_024 }) => {
      const vectors = texts.map((text) => vectorOf(text, output_dimension));
      return {
        id: 'sandbox',
        texts,
        ...(embedding_types
          ? { response_type: 'embeddings_by_type', embeddings: { float: vectors } }
          : { response_type: 'embeddings_floats', embeddings: vectors }),
      };
    },
  );
