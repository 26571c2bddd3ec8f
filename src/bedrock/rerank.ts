import { z } from 'zod';
import type { RankedDocument } from '../core/retrieval.js';
import { estimateTextTokens } from '../core/token-estimate.js';

/* The body of InvokeModel for rerank models: one shape, to which Cohere adds a version. */

const answer = z.looseObject({
  results: z.array(z.looseObject({ index: z.int().min(0), relevance_score: z.number() })),
});

export function rerankBody(model: string, query: string, documents: readonly string[]): object {
  return { query, documents, top_n: documents.length, ...(model.startsWith('cohere.') && { api_version: 2 }) };
}

/** Undefined: this is no answer to so many documents. */
export function rankedDocuments(given: unknown, documents: number): readonly RankedDocument[] | undefined {
  const results = answer.safeParse(given).data?.results;
  if (!results?.every(({ index }) => index < documents)) return undefined;
  return results.map(({ index, relevance_score: score }) => ({ index, score }));
}

/** One query is billed for so many pieces of documents, and a longer document counts as several. */
const piecesPerQuery = 100;
const tokensPerPiece = 500;

/** Numbers of the documents of each call, so that every call is billed as exactly one query. */
export function rerankBatches(query: string, documents: readonly string[]): readonly (readonly number[])[] {
  const room = Math.max(1, tokensPerPiece - estimateTextTokens(query));
  const batches: number[][] = [];
  let pieces = Number.POSITIVE_INFINITY;
  for (const [index, document] of documents.entries()) {
    const size = Math.max(1, Math.ceil(estimateTextTokens(document) / room));
    if (pieces + size > piecesPerQuery) {
      batches.push([]);
      pieces = 0;
    }
    batches.at(-1)?.push(index);
    pieces += size;
  }
  return batches;
}
