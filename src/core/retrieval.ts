import { z } from 'zod';
import type { Model } from './model.js';
import type { CallContext } from './pipeline.js';
import { type RoutedRequest, requestArguments } from './request.js';
import type { ModelResponse } from './response.js';

/* Vectors of texts, and the order of documents for a query: models without a conversation. */

const retrievalLimits = { texts: 1_000, textCharacters: 200_000, queryCharacters: 10_000 } as const;

const { max_cost_usd, timeout_ms, tags } = requestArguments.shape;
const model = z.string().min(1).max(2_048).optional();
const text = z.string().min(1).max(retrievalLimits.textCharacters).regex(/\S/, 'must not be blank');
const texts = z.array(text).min(1).max(retrievalLimits.texts);

export const inputTypes = ['document', 'query'] as const;

export const embedRequest = z.strictObject({
  texts: texts.describe('What to turn into vectors, up to 1,000.'),
  model: model.describe('Embedding model id. Default: amazon.titan-embed-text-v2:0.'),
  input_type: z.enum(inputTypes).optional().describe('What the texts are. Default: document.'),
  dimensions: z.int().min(1).max(4_096).optional().describe('Length of each vector, where the model lets you choose.'),
  max_cost_usd,
  timeout_ms,
  tags,
});
export type EmbedRequest = z.output<typeof embedRequest>;

export const rerankRequest = z.strictObject({
  query: z.string().min(1).max(retrievalLimits.queryCharacters).regex(/\S/, 'must not be blank'),
  documents: texts.describe('Texts to put in order, up to 1,000.'),
  model: model.describe('Rerank model id. Default: cohere.rerank-v3-5:0.'),
  top_n: z.int().min(1).max(retrievalLimits.texts).optional().describe('How many to return. Default: all.'),
  max_cost_usd,
  timeout_ms,
  tags,
});
export type RerankRequest = z.output<typeof rerankRequest>;

export interface RankedDocument {
  /** Place in `documents`. */
  readonly index: number;
  /** 0 to 1, higher is more relevant. */
  readonly score: number;
}

/** As much of a request as one call of the model takes. */
export interface RetrievalBatch<Value> {
  /** What the model reads, for the estimate of the cost. */
  readonly texts: readonly string[];
  /** One attempt. @throws ServiceError */
  send(
    request: RoutedRequest,
    context: CallContext,
  ): Promise<{ readonly value: Value; readonly response: ModelResponse }>;
}

export interface RetrievalClient {
  /** @throws ServiceError validation for a model of another kind or without a format that is known. */
  embedBatches(model: Model, request: EmbedRequest): readonly RetrievalBatch<readonly (readonly number[])[]>[];
  rerankBatches(model: Model, request: RerankRequest): readonly RetrievalBatch<readonly RankedDocument[]>[];
}
