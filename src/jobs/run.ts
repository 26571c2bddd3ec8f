/** One piece of work that is known beyond the call that began it: a job, or what an idempotency key stands for. */
export interface Run {
  readonly id: string;
  /** Whose it is; nobody else is told of it. */
  readonly owner: string;
  readonly tool: string;
  /** Of the request behind an idempotency key. */
  readonly fingerprint: string;
  /** The process that works on it. */
  readonly holder: string;
  /** Wall clock. A run that has not ended by then was lost with its process. */
  readonly leaseUntilMs: number;
  readonly startedAtMs: number;
  /** Wall clock, when it is forgotten. */
  readonly expiresAtMs: number;
  readonly cancelRequested: boolean;
  /** JSON; set with `endedAtMs` when it has ended. */
  readonly outcome?: string;
  readonly endedAtMs?: number;
}

/**
 * Where runs are kept. Members reject when the store cannot be reached.
 * A run that has expired is not there.
 */
export interface RunStore {
  /** Keeps the run if none of this id is there, atomically; otherwise gives the one that is. */
  begin(run: Run): Promise<Run | undefined>;
  find(id: string): Promise<Run | undefined>;
  /** Prolongs the lease of one's own run; `lost` when it is not there, has ended, or is another's. */
  renew(id: string, holder: string, leaseUntilMs: number): Promise<'kept' | 'cancel' | 'lost'>;
  /** Keeps the outcome of one's own run that has not ended. */
  end(id: string, holder: string, end: RunEnd): Promise<void>;
  /** Forgets one's own run that has not ended. */
  drop(id: string, holder: string): Promise<void>;
  requestCancel(id: string): Promise<void>;
  close(): Promise<void>;
}

export interface RunEnd {
  readonly outcome: string;
  readonly endedAtMs: number;
  readonly expiresAtMs: number;
}
