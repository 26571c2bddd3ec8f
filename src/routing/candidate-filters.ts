import { isMedia, type MediaKind } from '../core/content-blocks.js';
import type { Model } from '../core/model.js';
import type { ModelRequest } from '../core/request.js';

/** What a request demands of any model that is to answer it. */
export interface Demands {
  /** Kinds of attachments in the conversation. */
  readonly media: ReadonlySet<MediaKind>;
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
  const media = new Set<MediaKind>();
  let tools = (request.tools?.length ?? 0) > 0;
  for (const { content } of request.messages) {
    if (typeof content === 'string') continue;
    for (const block of content) {
      if (isMedia(block)) media.add(block.type);
      tools ||= block.type === 'tool_use' || block.type === 'tool_result';
    }
  }
  const structured = request.response_schema !== undefined;
  return { media, tools, structured, streaming, inputTokens, maxTokens: request.max_tokens };
}

/** Limit of tokens in the answer of this model: the caller's or the default, within what model and window can hold. */
export function answerLimit(model: Pick<Model, 'contextWindow' | 'maxOutput'>, demands: Demands): number {
  const most = model.maxOutput ?? Number.POSITIVE_INFINITY;
  if (demands.maxTokens !== undefined) return Math.min(demands.maxTokens, most);
  const room = (model.contextWindow ?? Number.POSITIVE_INFINITY) - demands.inputTokens;
  return Math.max(Math.min(defaultMaxTokens, most, room), Math.min(leastDefaultTokens, most));
}

const untakenMedia: Readonly<Record<MediaKind, string>> = {
  image: 'takes no images',
  document: 'takes no documents',
  video: 'takes no video',
  audio: 'takes no audio',
};

/** Why this model cannot answer this request; undefined when it can. */
export function unfitReason(model: Model, demands: Demands): string | undefined {
  if (!model.converse) return 'has no conversation interface on Bedrock';
  const untaken = [...demands.media].find((kind) => !model.input.includes(kind));
  if (untaken !== undefined) return untakenMedia[untaken];
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
