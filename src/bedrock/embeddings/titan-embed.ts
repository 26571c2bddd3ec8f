import { z } from 'zod';
import type { EmbeddingFormat } from './embedding-format.js';

const answer = z.looseObject({ embedding: z.array(z.number()).min(1), inputTextTokenCount: z.number().optional() });

const decode: EmbeddingFormat['decode'] = (given) => {
  const { data } = answer.safeParse(given);
  if (!data) return undefined;
  const { embedding, inputTextTokenCount: inputTokens } = data;
  return { vectors: [embedding], ...(inputTokens !== undefined && { inputTokens: Math.round(inputTokens) }) };
};

/** Titan Text Embeddings V2. */
export const titanEmbedV2: EmbeddingFormat = {
  textsPerCall: 1,
  encode: ([inputText], { dimensions }) => ({ inputText, normalize: true, ...(dimensions && { dimensions }) }),
  decode,
};

/** The first Titan embeddings, which take nothing but the text. */
export const titanEmbedV1: EmbeddingFormat = {
  textsPerCall: 1,
  encode: ([inputText]) => ({ inputText }),
  decode,
};

/** Titan Multimodal Embeddings. */
export const titanEmbedImage: EmbeddingFormat = {
  textsPerCall: 1,
  encode: ([inputText], { dimensions }) => ({
    inputText,
    ...(dimensions && { embeddingConfig: { outputEmbeddingLength: dimensions } }),
  }),
  decode,
};
