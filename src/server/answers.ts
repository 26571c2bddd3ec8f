import { abortedError, errorPolicies, ServiceError, toServiceError } from '../core/errors.js';
import { type ToolAnswer, toAttemptResult } from './define-tool.js';

/** What a client gets for a tool call, in the words of MCP but free of its SDK. */
export interface ToolResult {
  readonly content: readonly { readonly type: 'text'; readonly text: string }[];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  readonly isError?: true;
}

export function successResult(answer: ToolAnswer): ToolResult {
  return { content: [{ type: 'text', text: answer.text }], structuredContent: answer.structured };
}

/** Any thrown value as an error of ours; a foreign one thrown after the caller left is that cancel and no failure. */
export function callError(thrown: unknown, signal: AbortSignal): ServiceError {
  if (!(thrown instanceof ServiceError) && signal.aborted) return abortedError(signal);
  return toServiceError(thrown);
}

/** Longer than any answer that a client would want to see of a failed call. */
const mostPartialText = 100_000;

/**
 * The error answer: what happened, what to do next, and the id to ask the operator about. Our own words only, but for what
 * the model wrote before it failed, which has a field of its own.
 */
export function errorResult(error: ServiceError, fallbackRequestId: string): ToolResult {
  // A target that rests after failures is unavailable for a while only.
  const retryable = errorPolicies[error.category].retryable || error.reason === 'breaker_open';
  const requestId = error.call?.requestId ?? fallbackRequestId;
  const body = {
    category: error.category,
    message: error.message,
    remedy: error.remedy,
    retryable,
    ...(error.retryAfterMs !== undefined && { retry_after_ms: Math.ceil(error.retryAfterMs) }),
    ...(error.partialText !== undefined && { partial_text: error.partialText.slice(0, mostPartialText) }),
    request_id: requestId,
    attempts: (error.call?.attempts ?? []).map(toAttemptResult),
  };
  const wait = error.retryAfterMs === undefined ? '' : `, retry_after_ms ${Math.ceil(error.retryAfterMs)}`;
  const text = `${error.category}: ${error.message}\n${error.remedy}\n(request_id ${requestId}${wait})`;
  return { isError: true, content: [{ type: 'text', text }], structuredContent: { error: body } };
}
