import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError, toServiceError } from '../core/errors.js';
import type { Job, Kept } from '../core/jobs.js';
import { isLost } from './held-run.js';
import { type KeptError, keepError, revive } from './kept-error.js';
import type { Run } from './run.js';

/** How a job ended, as it is kept. */
export type Outcome = { readonly result: Kept } | { readonly error: KeptError };

/** Never rejects. */
export async function outcomeOf(work: () => Promise<Kept>, signal: AbortSignal): Promise<Outcome> {
  try {
    return { result: await work() };
  } catch (thrown) {
    const foreign = !(thrown instanceof ServiceError) && signal.aborted;
    return { error: keepError(foreign ? abortedError(signal) : toServiceError(thrown)) };
  }
}

/** A run as its caller sees it. `progress` is known where it runs. */
export function toJob(run: Run, clock: Clock, progress: string | undefined): Job {
  const { id, tool, startedAtMs, expiresAtMs, endedAtMs } = run;
  const common = { id, tool, startedAtMs, expiresAtMs, ...(endedAtMs !== undefined && { endedAtMs }) };
  if (run.outcome === undefined) {
    if (isLost(run, clock)) return { ...common, status: 'failed', error: lostJob() };
    return { ...common, status: 'running', ...(progress !== undefined && { progress }) };
  }
  const outcome = JSON.parse(run.outcome) as Outcome;
  if ('result' in outcome) return { ...common, status: 'succeeded', result: outcome.result };
  const error = revive(outcome.error);
  return { ...common, status: error.category === 'cancelled' ? 'cancelled' : 'failed', error };
}

const lostJob = (): ServiceError =>
  new ServiceError('internal', 'The job was lost when its server stopped; it may have been billed.', {
    remedy: 'Start it again if you still need the answer.',
  });
