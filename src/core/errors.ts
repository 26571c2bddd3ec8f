import type { CallRecord } from './call-record.js';
import type { Usage } from './response.js';
import type { Target } from './target.js';

export const errorCategories = [
  'rate_limit',
  'authentication',
  'authorization',
  'validation',
  'model_unavailable',
  'model_error',
  'timeout',
  'network',
  'quota',
  'budget_exceeded',
  'content_filtered',
  'cancelled',
  'internal',
] as const;

export type ErrorCategory = (typeof errorCategories)[number];

export interface ErrorPolicy {
  /** What the category stands for, for the error reference. */
  readonly meaning: string;
  /** The same target may be asked again. */
  readonly retry: boolean;
  /** The next candidate may be asked. */
  readonly failover: boolean;
  /** How much one such error weighs when the breaker of its target decides to open. */
  readonly breakerWeight: 0 | 0.2 | 1;
  /** The caller can change the request so that it passes. */
  readonly callerCanFix: boolean;
  /** The same request may succeed later without a change. */
  readonly retryable: boolean;
  readonly httpStatus: number;
  /** What to do next, when the error itself has nothing more exact to say. */
  readonly remedy: string;
}

/** The one table that retry, route, breaker, health, the MCP answer and the docs read. */
export const errorPolicies = {
  rate_limit: {
    meaning: 'Bedrock throttled the call, or this server is at its own limit of concurrent calls.',
    retry: true,
    failover: true,
    breakerWeight: 0.2,
    callerCanFix: false,
    retryable: true,
    httpStatus: 429,
    remedy: 'Wait for retry_after_ms and call again, or allow other models with fallback: true.',
  },
  authentication: {
    meaning: 'AWS does not accept the credentials.',
    retry: false,
    failover: false,
    breakerWeight: 0,
    callerCanFix: false,
    retryable: false,
    httpStatus: 401,
    remedy: 'The operator has to check the AWS credentials of this server; run `kairos-bedrock-mcp doctor`.',
  },
  authorization: {
    meaning: 'The credentials are valid but may not use this model or action.',
    retry: false,
    failover: true,
    breakerWeight: 0,
    callerCanFix: false,
    retryable: false,
    httpStatus: 403,
    remedy: 'Ask for another model, or have the operator grant access to this one in the Bedrock console and in IAM.',
  },
  validation: {
    meaning: 'The request is not valid.',
    retry: false,
    failover: false,
    breakerWeight: 0,
    callerCanFix: true,
    retryable: false,
    httpStatus: 400,
    remedy: 'Correct the named argument and call again.',
  },
  model_unavailable: {
    meaning: 'The model is retired, not offered in the allowed regions, or out of rotation.',
    retry: false,
    failover: true,
    breakerWeight: 0,
    callerCanFix: true,
    retryable: false,
    httpStatus: 404,
    remedy: 'Leave `model` out to have one chosen, or pick one that `bedrock_models` lists as active.',
  },
  model_error: {
    meaning: 'Bedrock or the model failed while working on the request, or answered with something unusable.',
    retry: true,
    failover: true,
    breakerWeight: 1,
    callerCanFix: false,
    retryable: true,
    httpStatus: 502,
    remedy: 'Call again; with fallback: true another model is tried by itself.',
  },
  timeout: {
    meaning: 'No answer, or no first token, came within the time allowed.',
    retry: false,
    failover: true,
    breakerWeight: 1,
    callerCanFix: true,
    retryable: true,
    httpStatus: 504,
    remedy:
      'Raise timeout_ms, ask for fewer tokens, or start the call with async: true and ask bedrock_job for its result.',
  },
  network: {
    meaning: 'The connection to Bedrock could not be made or broke.',
    retry: true,
    failover: true,
    breakerWeight: 1,
    callerCanFix: false,
    retryable: true,
    httpStatus: 502,
    remedy: 'Call again; if it persists the operator has to check network, proxy and endpoint settings.',
  },
  quota: {
    meaning: 'A quota of the AWS account is used up, for longer than a retry can wait.',
    retry: false,
    failover: true,
    breakerWeight: 0.2,
    callerCanFix: false,
    retryable: true,
    httpStatus: 429,
    remedy: 'Ask for another model, or have the operator request a higher quota from AWS.',
  },
  budget_exceeded: {
    meaning: 'The call could cost more than the budget or max_cost_usd still allows.',
    retry: false,
    failover: true,
    breakerWeight: 0,
    callerCanFix: true,
    retryable: false,
    httpStatus: 402,
    remedy: 'Lower max_tokens, pick a cheaper model, or wait until the budget resets.',
  },
  content_filtered: {
    meaning: 'The request or the answer was blocked by a guardrail or by the model provider.',
    retry: false,
    failover: false,
    breakerWeight: 0,
    callerCanFix: true,
    retryable: false,
    httpStatus: 422,
    remedy: 'Change the content of the request.',
  },
  cancelled: {
    meaning: 'The caller cancelled the call.',
    retry: false,
    failover: false,
    breakerWeight: 0,
    callerCanFix: false,
    retryable: true,
    httpStatus: 499,
    remedy: 'Nothing: the call was ended at the request of the caller.',
  },
  internal: {
    meaning: 'This server failed.',
    retry: false,
    failover: false,
    breakerWeight: 0,
    callerCanFix: false,
    retryable: false,
    httpStatus: 500,
    remedy: 'Report the request_id to the operator, who finds the cause in the log.',
  },
} as const satisfies Record<ErrorCategory, ErrorPolicy>;

/** A finer cause than the category, where somebody decides by it. */
export type ErrorReason =
  | 'credentials_missing'
  | 'credentials_expired'
  | 'credentials_invalid'
  | 'clock_skew'
  | 'access_not_enabled'
  | 'subscription_missing'
  | 'use_case_form_missing'
  | 'needs_profile'
  | 'wrong_model_id'
  | 'end_of_life'
  | 'legacy'
  | 'model_blocked'
  | 'model_not_allowed'
  | 'input_too_long'
  | 'max_tokens_too_large'
  | 'not_supported'
  | 'sampling_refused'
  | 'policy_denied'
  | 'daily_quota'
  | 'first_token_timeout'
  | 'idle_timeout'
  | 'deadline'
  | 'stream_truncated'
  | 'invalid_answer'
  | 'answer_too_large'
  | 'breaker_open'
  | 'overloaded'
  | 'attempts_used_up'
  | 'guardrail'
  | 'file_not_allowed'
  | 'file_unreadable'
  | 'file_too_large'
  | 'file_kind_unknown'
  | 'budget_used_up'
  | 'budget_unchecked'
  | 'no_candidate'
  | 'no_weights'
  | 'unknown_model';

export interface ServiceErrorOptions {
  readonly reason?: ErrorReason;
  /** Overrides the remedy of the category. */
  readonly remedy?: string;
  readonly target?: Target;
  /** Milliseconds after which the same call is worth another try. */
  readonly retryAfterMs?: number;
  /** The most tokens an answer may have, where the service named it on refusing more. */
  readonly maxTokensAllowed?: number;
  /** What the failed attempt consumed, to be booked all the same. */
  readonly usage?: Usage;
  /** Part of the answer already went to the caller, so nothing may be tried again. */
  readonly textHandedOn?: boolean;
  /** What the model wrote before the failure, or in place of what was asked: for the caller alone, never for a log. */
  readonly partialText?: string;
  readonly cause?: unknown;
}

/**
 * The only error class of the product. `message` is written by us and safe to show to a caller: it never holds text of
 * another system, a path or a secret; those stay in `cause`, which only the log sees, redacted.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly category: ErrorCategory;
  readonly reason: ErrorReason | undefined;
  readonly remedy: string;
  readonly target: Target | undefined;
  readonly retryAfterMs: number | undefined;
  readonly maxTokensAllowed: number | undefined;
  readonly usage: Usage | undefined;
  readonly textHandedOn: boolean;
  readonly partialText: string | undefined;
  /** The record of the whole call, set by the service when the error leaves it. */
  call: CallRecord | undefined;

  constructor(category: ErrorCategory, message: string, options: ServiceErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.category = category;
    this.reason = options.reason;
    this.remedy = options.remedy ?? errorPolicies[category].remedy;
    this.target = options.target;
    this.retryAfterMs = options.retryAfterMs;
    this.maxTokensAllowed = options.maxTokensAllowed;
    this.usage = options.usage;
    this.textHandedOn = options.textHandedOn ?? false;
    this.partialText = options.partialText;
  }
}

/** Any thrown value as a ServiceError: what is not one yet is a failure of this server. */
export function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('internal', 'The server failed on this call.', { cause: thrown });
}

/**
 * The error for a call whose signal was aborted. The signal's reason decides: a ServiceError (such as a deadline) is
 * itself the answer, anything else is the caller's cancel.
 */
export function abortedError(signal: AbortSignal): ServiceError {
  const reason: unknown = signal.reason;
  if (reason instanceof ServiceError) return reason;
  return new ServiceError('cancelled', 'The caller cancelled the call.', { cause: reason });
}
