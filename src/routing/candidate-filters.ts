import type { Model } from '../core/model.js';
import type { ContentBlock, ModelRequest } from '../core/request.js';

/** What a request demands of any model that is to answer it. */
export interface Demands {
  readonly image: boolean;
  readonly document: boolean;
  readonly tools: boolean;
  /** The answer has to fit a JSON schema. */
  readonly structured: boolean;
  /** The caller wants text as it is written. */
  readonly streaming: boolean;
  readonly inputTokens: number;
  /** What the caller wants to be able to get; undefined: our default, which may shrink. */
  readonly maxTokens: number | undefined;
}

export const defaultMaxTokens = 4_096;
/** An answer shorter than this is not worth a call that was not asked to be short. */
const leastDefaultTokens = 256;

export function demandsOf(request: ModelRequest, inputTokens: number, streaming = false): Demands {
  const demands = { image: false, document: false, tools: (request.tools?.length ?? 0) > 0 };
  for (const { content } of request.messages) {
    if (typeof content !== 'string') for (const block of content) noteBlock(block, demands);
  }
  const structured = request.response_schema !== undefined;
  return { ...demands, structured, streaming, inputTokens, maxTokens: request.max_tokens };
}

function noteBlock(block: ContentBlock, demands: { image: boolean; document: boolean; tools: boolean }): void {
  if (block.type === 'image') demands.image = true;
  if (block.type === 'document') demands.document = true;
  if (block.type === 'tool_use' || block.type === 'tool_result') demands.tools = true;
}

/** Limit of tokens in the answer of this model: the caller's or the default, within what model and window can hold. */
export function answerLimit(model: Pick<Model, 'contextWindow' | 'maxOutput'>, demands: Demands): number {
  const most = model.maxOutput ?? Number.POSITIVE_INFINITY;
  if (demands.maxTokens !== undefined) return Math.min(demands.maxTokens, most);
  const room = (model.contextWindow ?? Number.POSITIVE_INFINITY) - demands.inputTokens;
  return Math.max(Math.min(defaultMaxTokens, most, room), Math.min(leastDefaultTokens, most));
}

/** Why this model cannot answer this request; undefined when it can. */
export function unfitReason(model: Model, demands: Demands): string | undefined {
  if (!model.converse) return 'has no conversation interface on Bedrock';
  if (demands.image && !model.input.includes('image')) return 'takes no images';
  if (demands.document && !model.input.includes('document')) return 'takes no documents';
  if (demands.tools && model.tools === false) return 'cannot use tools';
  // Without either, the schema is a wish in words, which a model follows or not.
  if (demands.structured && model.tools === false && model.strictTools !== true) return 'cannot be held to a schema';
  if (demands.streaming && !model.converseStream) return 'cannot stream';
  if (demands.streaming && demands.tools && model.streamingTools === false) return 'cannot stream with tools';
  const needed = demands.inputTokens + answerLimit(model, demands);
  if (model.contextWindow !== undefined && needed > model.contextWindow) {
    return `holds ${model.contextWindow} tokens, the request needs about ${needed}`;
  }
  return undefined;
}
