import type { ServiceError } from './errors.js';
import type { CallOptions, Invocation } from './integration-service.js';
import type { ModelRequest } from './request.js';

export interface Batch {
  readonly requests: readonly ModelRequest[];
  /** Requests that run at once. */
  readonly concurrency: number;
  /** After a failure no further request is begun. */
  readonly stopOnError: boolean;
}

export type BatchOutcome =
  | { readonly ok: true; readonly invocation: Invocation }
  | { readonly ok: false; readonly error: ServiceError };

export interface BatchOptions extends CallOptions {
  /** Told after each request how many have ended. */
  readonly onOutcome?: (outcome: BatchOutcome, ended: number) => void;
}
