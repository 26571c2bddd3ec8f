import type { AnswerLink } from '../core/answers.js';
import { abortedError, ServiceError, toServiceError } from '../core/errors.js';
import { errorBody, type ToolAnswer } from './define-tool.js';

export type ResultContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }
  | ({ readonly type: 'resource_link' } & AnswerLink);

/** What a client gets for a tool call, in the words of MCP but free of its SDK. */
export interface ToolResult {
  readonly content: readonly ResultContent[];
  readonly structuredContent: Readonly<Record<string, unknown>>;
  readonly isError?: true;
}

export function successResult(answer: ToolAnswer): ToolResult {
  const links = (answer.links ?? []).map((link) => ({ type: 'resource_link' as const, ...link }));
  const images = (answer.images ?? []).map(({ mimeType, base64: data }) => ({
    type: 'image' as const,
    data,
    mimeType,
  }));
  return { content: [{ type: 'text', text: answer.text }, ...images, ...links], structuredContent: answer.structured };
}

/** Any thrown value as an error of ours; a foreign one thrown after the caller left is that cancel and no failure. */
export function callError(thrown: unknown, signal: AbortSignal): ServiceError {
  if (!(thrown instanceof ServiceError) && signal.aborted) return abortedError(signal);
  return toServiceError(thrown);
}

/** The error answer: what happened, what to do next, and the id to ask the operator about. */
export function errorResult(error: ServiceError, fallbackRequestId: string): ToolResult {
  const body = errorBody(error, fallbackRequestId);
  const wait = body.retry_after_ms === undefined ? '' : `, retry_after_ms ${body.retry_after_ms}`;
  const text = `${error.category}: ${error.message}\n${error.remedy}\n(request_id ${body.request_id}${wait})`;
  return { isError: true, content: [{ type: 'text', text }], structuredContent: { error: body } };
}
