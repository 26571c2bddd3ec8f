import type { ContentBlock } from './request.js';
import type { Target } from './target.js';

/** Integer nano-dollars, 1e-9 USD: sums of them stay exact up to nine million dollars. */
export type NanoUsd = number;

/**
 * Tokens of one attempt. Bedrock leaves cached tokens out of `inputTokens`, and so do we:
 * `totalTokens = inputTokens + outputTokens + cacheReadTokens + cacheWriteTokens`.
 */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** The part of `cacheWriteTokens` kept for one hour, which has another price. */
  readonly cacheWrite1hTokens: number;
  readonly totalTokens: number;
  /** True when the service gave no (believable) count and we estimated. */
  readonly estimated: boolean;
  /** The service tier that did the work, or `optimized` latency, when it was not the default: it has a price of its own. */
  readonly serviceTier?: string;
}

export const noUsage: Usage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  totalTokens: 0,
  estimated: false,
};

/** Of two attempts together. */
export function addUsage(left: Usage, right: Usage): Usage {
  return {
    inputTokens: left.inputTokens + right.inputTokens,
    outputTokens: left.outputTokens + right.outputTokens,
    cacheReadTokens: left.cacheReadTokens + right.cacheReadTokens,
    cacheWriteTokens: left.cacheWriteTokens + right.cacheWriteTokens,
    cacheWrite1hTokens: left.cacheWrite1hTokens + right.cacheWrite1hTokens,
    totalTokens: left.totalTokens + right.totalTokens,
    estimated: left.estimated || right.estimated,
  };
}

export const stopReasons = [
  'end_turn',
  'tool_use',
  'max_tokens',
  'stop_sequence',
  'content_filtered',
  'guardrail_intervened',
  'malformed_model_output',
  'malformed_tool_use',
  'model_context_window_exceeded',
  'unknown',
] as const;

export type StopReason = (typeof stopReasons)[number];

export const answerSources = ['bedrock', 'cache', 'local', 'sandbox'] as const;
export type AnswerSource = (typeof answerSources)[number];

/** What a call cost, computed from usage and the price in force. */
export interface Cost {
  readonly nanoUsd: NanoUsd;
  /** True when usage or price was assumed rather than known. */
  readonly estimated: boolean;
}

export interface ModelResponse {
  readonly content: readonly ContentBlock[];
  readonly stopReason: StopReason;
  readonly usage: Usage;
  readonly served: Target;
  readonly source: AnswerSource;
  /** Milliseconds from sending the request to the first piece of the answer. */
  readonly timeToFirstTokenMs?: number;
  /** The answer as a value that fits `response_schema`, when one was given and the answer is complete. */
  readonly structured?: Readonly<Record<string, unknown>>;
  /** What `additional_model_response_field_paths` asked for, as the model has it. */
  readonly additionalFields?: Readonly<Record<string, unknown>>;
  /** Set by the budget stage. */
  readonly cost?: Cost;
  /** What the caller should know: a successor answered, a parameter was dropped, a fallback was used. */
  readonly notices: readonly string[];
}

/** The text of an answer: its text blocks, joined. */
export function responseText(content: readonly ContentBlock[]): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}
