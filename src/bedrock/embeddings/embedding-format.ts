import type { EmbedRequest } from '../../core/retrieval.js';

export interface EmbeddingOptions extends Pick<EmbedRequest, 'dimensions'> {
  readonly isQuery: boolean;
}

export interface Embedded {
  readonly vectors: readonly (readonly number[])[];
  /** Where the body itself counts; the headers of the answer do for all. */
  readonly inputTokens?: number;
}

/** The body of InvokeModel of one family of embedding models. */
export interface EmbeddingFormat {
  /** Texts that one call takes. */
  readonly textsPerCall: number;
  encode(texts: readonly string[], options: EmbeddingOptions): object;
  /** Undefined: this is no answer of such a model. */
  decode(answer: unknown): Embedded | undefined;
}
