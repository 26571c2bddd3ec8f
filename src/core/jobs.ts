import type { ServiceError } from './errors.js';
import type { CallEvent } from './events.js';
import type { Caller } from './pipeline.js';

/* Calls that outlive their request: in the background, or repeated under one idempotency key. */

/** What a call gave, as it is kept: plain JSON. */
export type Kept = Readonly<Record<string, unknown>>;

/** How a call that nobody waits for is ended and watched. */
export interface JobContext {
  readonly signal: AbortSignal;
  readonly onEvent: (event: CallEvent) => void;
}

export type JobStatus = 'running' | 'succeeded' | 'failed' | 'cancelled';

export interface Job {
  readonly id: string;
  readonly tool: string;
  readonly status: JobStatus;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  /** Wall clock; after it nobody knows of the job any more. */
  readonly expiresAtMs: number;
  /** What it does just now, where this process runs it. */
  readonly progress?: string;
  /** Of a job that succeeded. */
  readonly result?: Kept;
  /** Of a job that failed or was cancelled. */
  readonly error?: ServiceError;
}

export interface OnceOptions {
  readonly tool: string;
  readonly caller: Caller;
  readonly key: string;
  /** All that makes it another call; a key stands for one of them. */
  readonly request: unknown;
  readonly signal: AbortSignal;
  /** How long to wait for an equal call that runs already. */
  readonly timeoutMs?: number;
}

/** Each member throws ServiceError only. */
export interface Jobs {
  /** Starts `work` in the background. @throws ServiceError rate_limit when too many run. */
  start(tool: string, caller: Caller, work: (context: JobContext) => Promise<Kept>): Promise<Job>;
  /** @throws ServiceError validation when this caller has no such job; the same for those of others. */
  find(id: string, caller: Caller): Promise<Job>;
  /** Ends a job that runs, wherever it runs; one that has ended stays as it is. */
  cancel(id: string, caller: Caller): Promise<Job>;
  /**
   * Runs `work` once for all calls of this caller with the same key, and gives each what it gave; only a success is
   * kept, so after a failure the next call tries again.
   * @throws ServiceError validation when the key stood for another request.
   */
  once(options: OnceOptions, work: () => Promise<Kept>): Promise<Kept>;
}
