import { z } from 'zod';
import { likeness, retrievalFormat } from './retrieval-format.js';

const common = { query: z.string().min(1), documents: z.array(z.string()).min(1).max(1_000), top_n: z.int().min(1) };
type Body = { readonly query: string; readonly documents: readonly string[]; readonly top_n?: number | undefined };

function ranking({ query, documents, top_n }: Body): object {
  const results = documents.map((document, index) => ({ index, relevance_score: likeness(query, document) }));
  const sorted = results.toSorted((left, right) => right.relevance_score - left.relevance_score);
  return { results: sorted.slice(0, top_n) };
}

const textsOf = ({ query, documents }: Body) => [query, ...documents];

export const amazonRerankFormat = () =>
  retrievalFormat(z.strictObject({ ...common, top_n: common.top_n.optional() }), textsOf, ranking);

/** Cohere wants to be told which version of its interface is meant. */
export const cohereRerankFormat = () =>
  retrievalFormat(
    z.strictObject({
      ...common,
      top_n: common.top_n.optional(),
      api_version: z.int().min(2),
      max_tokens_per_doc: z.int().optional(),
    }),
    textsOf,
    ranking,
  );
