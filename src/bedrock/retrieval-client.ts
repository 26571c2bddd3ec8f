import { abortedError, ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { CallContext } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import { type AnswerSource, type ModelResponse, noUsage, type Usage } from '../core/response.js';
import type { RetrievalBatch, RetrievalClient } from '../core/retrieval.js';
import { estimateTextTokens } from '../core/token-estimate.js';
import type { BedrockClient } from './bedrock-client.js';
import { embeddingFormatOf } from './embeddings/formats.js';
import { rankedDocuments, rerankBatches, rerankBody } from './rerank.js';

export interface RetrievalClientOptions {
  readonly client: Pick<BedrockClient, 'invoke'>;
  readonly source: AnswerSource;
}

/** Whether there is a format for the model's vectors. */
export const readsVectors = (model: Model): boolean => embeddingFormatOf(model) !== undefined;

interface Read<Value> {
  readonly value: Value;
  readonly inputTokens?: number;
}

/** Embeddings and rerank models in their own formats. */
export function createRetrievalClient(options: RetrievalClientOptions): RetrievalClient {
  return {
    embedBatches: (model, { texts, dimensions, input_type }) => {
      const known = model.kind === 'embedding' ? embeddingFormatOf(model) : undefined;
      if (!known) throw notSupported(model, 'turns no text into vectors that this server can read');
      if (dimensions !== undefined && !known.choosesDimensions)
        throw notSupported(model, 'has no choice of `dimensions`');
      const { format } = known;
      const given = { isQuery: input_type === 'query', ...(dimensions !== undefined && { dimensions }) };
      return chunks(texts, format.textsPerCall).map((batch) =>
        batchOf(options, batch, format.encode(batch, given), (answer) => {
          const embedded = format.decode(answer);
          if (embedded?.vectors.length !== batch.length) return undefined;
          return { value: embedded.vectors, ...embedded };
        }),
      );
    },
    rerankBatches: (model, { query, documents }) => {
      if (model.kind !== 'rerank') throw notSupported(model, 'puts no documents in order');
      return rerankBatches(query, documents).map((indexes) => {
        const batch = indexes.map((index) => documents[index] ?? '');
        return batchOf(options, [query, ...batch], rerankBody(model.id, query, batch), (answer) => {
          const ranked = rankedDocuments(answer, batch.length);
          return ranked && { value: ranked.map((each) => ({ ...each, index: indexes[each.index] ?? 0 })) };
        });
      });
    },
  };
}

function batchOf<Value>(
  { client, source }: RetrievalClientOptions,
  texts: readonly string[],
  body: object,
  read: (answer: unknown) => Read<Value> | undefined,
): RetrievalBatch<Value> {
  const send = async ({ target }: RoutedRequest, { signal }: CallContext) => {
    const { body: bytes, headers } = await client.invoke(target, body, signal).catch((error: unknown) => {
      throw signal.aborted ? abortedError(signal) : error;
    });
    const found = read(parsed(bytes));
    const usage = usageOf(texts, found?.inputTokens, headers);
    if (!found) {
      throw new ServiceError('model_error', `${target.model} answered with something that cannot be read.`, {
        reason: 'invalid_answer',
        target,
        usage,
      });
    }
    const response: ModelResponse = { content: [], stopReason: 'end_turn', usage, served: target, source, notices: [] };
    return { value: found.value, response };
  };
  return { texts, send };
}

function parsed(bytes: Uint8Array | undefined): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const mostTokens = 100_000_000;

/** What the headers of Bedrock say, else the body, else our own estimate. */
function usageOf(
  texts: readonly string[],
  counted: number | undefined,
  headers: Readonly<Record<string, string>>,
): Usage {
  const header = Number(headers['x-amzn-bedrock-input-token-count'] ?? Number.NaN);
  const known = [header, counted].find((count) => count !== undefined && count >= 0 && count <= mostTokens);
  const estimate = () => texts.reduce((sum, text) => sum + estimateTextTokens(text), 0);
  const inputTokens = known === undefined ? estimate() : Math.round(known);
  return { ...noUsage, inputTokens, totalTokens: inputTokens, estimated: known === undefined };
}

function chunks<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

function notSupported({ id }: Model, why: string): ServiceError {
  return new ServiceError('validation', `${id} ${why}.`, {
    reason: 'not_supported',
    remedy: 'Pick a model whose kind `bedrock_models` gives as embedding or rerank, or leave `model` out.',
  });
}
