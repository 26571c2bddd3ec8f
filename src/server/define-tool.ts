import { z } from 'zod';
import type { AnswerLink } from '../core/answers.js';
import type { Clock } from '../core/clock.js';
import { errorPolicies, type ServiceError } from '../core/errors.js';
import type { AttemptSummary } from '../core/events.js';
import type { BedrockIntegrationService, CallOptions } from '../core/integration-service.js';

/** `read` spends nothing and changes nothing; `write` calls a model; `admin` changes the server itself. */
export type ToolKind = 'read' | 'write' | 'admin';

/** Groups in which an operator offers tools. */
export type Toolset = 'core' | 'sessions' | 'ops' | 'retrieval' | 'kairos';

/** Who calls a tool and how the call can be ended and watched. */
export type ToolCaller = Pick<CallOptions, 'caller' | 'signal' | 'onEvent'>;

export interface ToolContext extends ToolCaller {
  readonly clock: Clock;
}

/** `structured` fits the tool's output schema; `text` says the same to a model. */
export interface ToolAnswer<Structured = Record<string, unknown>> {
  readonly structured: Structured;
  readonly text: string;
  /** Resources that say more. */
  readonly links?: readonly AnswerLink[];
  /** Pictures of what the text says. */
  readonly images?: readonly { readonly mimeType: string; readonly base64: string }[];
}

/** An answer that fits the tool's `alternative`. */
export interface AlternativeAnswer extends ToolAnswer {
  readonly isAlternative: true;
}

interface ToolDefinition<Input extends z.ZodType, Output extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** For the model that chooses a tool: the first sentence says what it does, the rest when to use it. */
  readonly description: string;
  readonly kind: ToolKind;
  /** Absent: core. */
  readonly toolset?: Toolset;
  readonly input: Input;
  /** Arguments of a typical call, published with the input schema. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly output: Output;
  /** What the tool answers in place of `output`, such as the handle of a call that goes on in the background. */
  readonly alternative?: z.ZodObject;
  /** URI of the resource that draws the answer in clients that show MCP Apps; text and structure are complete alone. */
  readonly view?: string;
  /** Throws ServiceError for everything the caller should know. */
  handle(
    input: z.output<Input>,
    service: BedrockIntegrationService,
    context: ToolContext,
  ): Promise<ToolAnswer<z.input<Output>> | AlternativeAnswer>;
}

/** A tool of any input, as the registry keeps it. `handle` must be given what `input` parsed. */
export interface Tool extends Omit<ToolDefinition<z.ZodType, z.ZodObject>, 'handle'> {
  handle(input: unknown, service: BedrockIntegrationService, context: ToolContext): Promise<ToolAnswer>;
}

/** Describes one tool, free of any MCP SDK. */
export function defineTool<Input extends z.ZodType, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  return {
    ...definition,
    handle: (input, service, context) => definition.handle(input as z.output<Input>, service, context),
  };
}

/** Hints for clients. Derived from the kind, so that a tool cannot contradict itself. */
export function annotationsOf(kind: ToolKind) {
  return {
    readOnlyHint: kind === 'read',
    destructiveHint: kind === 'admin',
    idempotentHint: kind === 'read',
    openWorldHint: kind === 'write',
  };
}

/** One attempt, as answers and errors tell it. */
export const attemptResult = z.strictObject({
  model: z.string(),
  region: z.string(),
  outcome: z.enum(['succeeded', 'failed']),
  category: z.string().optional(),
  latency_ms: z.number(),
});

export function toAttemptResult(attempt: AttemptSummary): z.input<typeof attemptResult> {
  return {
    model: attempt.target.model,
    region: attempt.target.region,
    outcome: attempt.outcome,
    ...(attempt.failure && { category: attempt.failure.category }),
    latency_ms: Math.round(attempt.latencyMs),
  };
}

/** Longer than any answer that a client would want to see of a failed call. */
const mostPartialText = 100_000;

/**
 * What clients are told of an error: our own words only, but for what the model wrote before it failed, which has a field
 * of its own.
 */
export function errorBody(error: ServiceError, fallbackRequestId: string) {
  const { category, message, remedy, reason, retryAfterMs, partialText, call } = error;
  return {
    category,
    message,
    remedy,
    // A target that rests after failures is unavailable for a while only.
    retryable: errorPolicies[category].retryable || reason === 'breaker_open',
    ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
    ...(partialText !== undefined && { partial_text: partialText.slice(0, mostPartialText) }),
    request_id: call?.requestId ?? fallbackRequestId,
    attempts: (call?.attempts ?? []).map(toAttemptResult),
  };
}
