import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Run, RunEnd, RunStore } from './run.js';

/** Prolonged three times before it ends, so that one slow answer of the store loses nothing. */
export const leaseMs = 15_000;
const renewEveryMs = 3_000;
const endTries = 5;
const endPauseMs = 1_000;

export interface HeldRunOptions {
  readonly store: RunStore;
  readonly clock: Clock;
}

export interface HeldRun {
  /** Aborted when somebody asked for the end of it, on whatever server. */
  readonly cancelled: AbortSignal;
  end(end: RunEnd): Promise<void>;
  drop(): Promise<void>;
}

/** Prolongs the lease of a run for as long as this process works on it. */
export function holdRun({ id, holder }: Run, { store, clock }: HeldRunOptions): HeldRun {
  const over = new AbortController();
  const cancel = new AbortController();

  async function renew(): Promise<void> {
    while (!over.signal.aborted) {
      await clock.sleep(renewEveryMs, over.signal);
      // A store that is away for a moment is asked again in time.
      const state = await store.renew(id, holder, clock.nowMs() + leaseMs).catch(() => 'kept');
      if (state === 'cancel') cancel.abort(cancelledJob());
    }
  }
  async function persistently(write: () => Promise<void>): Promise<void> {
    over.abort();
    for (let left = endTries - 1; ; left -= 1) {
      try {
        return await write();
      } catch (error) {
        if (left === 0) throw error;
        await clock.sleep(endPauseMs);
      }
    }
  }

  renew().catch(() => undefined);
  return {
    cancelled: cancel.signal,
    end: (end) => persistently(() => store.end(id, holder, end)),
    drop: () => persistently(() => store.drop(id, holder)),
  };
}

export const cancelledJob = (): ServiceError => new ServiceError('cancelled', 'The job was cancelled.');

/** True of a run whose process is gone. */
export const isLost = (run: Run, clock: Clock): boolean =>
  run.outcome === undefined && run.leaseUntilMs <= clock.nowMs();

/** The error of a store that cannot be reached. */
export function storeError(cause: unknown): ServiceError {
  if (cause instanceof ServiceError) return cause;
  return new ServiceError('network', 'The store of jobs and idempotency keys does not answer.', {
    remedy: 'Call again in a moment, or without `async` and `idempotency_key`.',
    retryAfterMs: 2_000,
    cause,
  });
}
