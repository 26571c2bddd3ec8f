import type { CallRecord } from '../core/call-record.js';
import { type ErrorCategory, type ErrorReason, errorPolicies, ServiceError } from '../core/errors.js';

/** An error as it is kept with a run, in JSON. Its cause stays behind: only the log may see that. */
export interface KeptError {
  readonly category: ErrorCategory;
  readonly message: string;
  readonly remedy: string;
  readonly reason?: ErrorReason | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly partialText?: string | undefined;
  readonly call?: CallRecord | undefined;
}

export function keepError(error: ServiceError): KeptError {
  const { category, message, remedy, reason, retryAfterMs, partialText, call } = error;
  return { category, message, remedy, reason, retryAfterMs, partialText, call };
}

export function revive({ category, message, call, ...options }: KeptError): ServiceError {
  const known = category in errorPolicies ? category : 'internal';
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const error = new ServiceError(known, message, Object.fromEntries(given));
  error.call = call;
  return error;
}
