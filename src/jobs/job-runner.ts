import { callerKey } from '../core/caller-key.js';
import type { Clock, Random } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { CallEvent } from '../core/events.js';
import type { Job, JobContext, Jobs, Kept } from '../core/jobs.js';
import type { Caller } from '../core/pipeline.js';
import type { Logger } from '../core/ports.js';
import { progressMessage } from '../core/progress-message.js';
import { cancelledJob, holdRun, leaseMs, storeError } from './held-run.js';
import { createOnce } from './once.js';
import { outcomeOf, toJob } from './outcome.js';

import type { Run, RunStore } from './run.js';

export interface JobRunnerOptions {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** In this process. Default 200. */
  readonly maxRunning?: number;
  /** Of them, of one caller. Default 50. */
  readonly maxRunningOfCaller?: number;
  /** How long outcomes are kept, milliseconds. Default a day. */
  readonly keptMs?: number;
}

export interface JobRunner extends Jobs {
  /** Waits until the outcome of every job is kept, then closes the store. The calls must be ending already. */
  close(): Promise<void>;
}

type Work = (context: JobContext) => Promise<Kept>;

interface Running {
  readonly owner: string;
  readonly controller: AbortController;
  progress?: string;
}

interface Parts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keptMs: number;
}

const dayMs = 86_400_000;

/** Calls in the background and calls that are made once, over one store of runs. */
export function createJobRunner(options: JobRunnerOptions): JobRunner {
  const { store, clock, random, logger, maxRunning = 200, maxRunningOfCaller = 50, keptMs = dayMs } = options;
  const holder = random.id();
  const parts: Parts = { store, clock, logger, keptMs };
  const running = new Map<string, Running>();
  const ending = new Set<Promise<void>>();

  function checkRoom(owner: string): void {
    const own = [...running.values()].filter((job) => job.owner === owner).length;
    if (running.size < maxRunning && own < maxRunningOfCaller) return;
    throw new ServiceError('rate_limit', 'Too many jobs run already.', { reason: 'overloaded', retryAfterMs: 5_000 });
  }

  async function findRun(id: string, caller: Caller): Promise<Run> {
    const run = id.startsWith('job-') ? await store.find(id).catch(rethrow) : undefined;
    if (run?.owner !== callerKey(caller)) throw unknownJob();
    return run;
  }
  const view = (run: Run): Job => toJob(run, clock, running.get(run.id)?.progress);

  return {
    start: async (tool, caller, work) => {
      const owner = callerKey(caller);
      checkRoom(owner);
      const run = newRun(`job-${random.id()}`, tool, owner, holder, parts);
      const job: Running = { owner, controller: new AbortController() };
      // Before the store is asked: the bound has to hold for those who start at once.
      running.set(run.id, job);
      try {
        await store.begin(run);
      } catch (error) {
        running.delete(run.id);
        throw storeError(error);
      }
      const ended = workOn(run, job, work, parts).finally(() => {
        running.delete(run.id);
        ending.delete(ended);
      });
      ending.add(ended);
      return view(run);
    },
    find: async (id, caller) => view(await findRun(id, caller)),
    cancel: async (id, caller) => {
      const run = await findRun(id, caller);
      if (run.outcome === undefined) await store.requestCancel(id).catch(rethrow);
      running.get(id)?.controller.abort(cancelledJob());
      return view(run);
    },
    once: createOnce({ store, clock, holder, keptMs }),
    close: async () => {
      await Promise.all(ending);
      await store.close();
    },
  };
}

function newRun(id: string, tool: string, owner: string, holder: string, { clock, keptMs }: Parts): Run {
  const startedAtMs = clock.nowMs();
  return {
    id,
    owner,
    tool,
    fingerprint: '',
    holder,
    startedAtMs,
    leaseUntilMs: startedAtMs + leaseMs,
    expiresAtMs: startedAtMs + keptMs,
    cancelRequested: false,
  };
}

/** Works on the run to its end, whatever that is. Never rejects. */
async function workOn(run: Run, job: Running, work: Work, parts: Parts): Promise<void> {
  const { clock, logger, keptMs } = parts;
  const held = holdRun(run, parts);
  held.cancelled.addEventListener('abort', () => job.controller.abort(held.cancelled.reason), { once: true });
  const { signal } = job.controller;
  const onEvent = (event: CallEvent): void => {
    job.progress = progressMessage(event) ?? job.progress ?? 'Working';
  };
  const outcome = await outcomeOf(() => work({ signal, onEvent }), signal);
  const endedAtMs = clock.nowMs();
  const end = { outcome: JSON.stringify(outcome), endedAtMs, expiresAtMs: endedAtMs + keptMs };
  await held.end(end).catch((error: unknown) => {
    logger.error('The outcome of a job could not be kept.', { jobId: run.id, error });
  });
}

function rethrow(error: unknown): never {
  throw storeError(error);
}

const unknownJob = (): ServiceError =>
  new ServiceError('validation', 'There is no job of this id.', {
    remedy: 'Give the job_id of a call of yours with `async: true`; jobs are forgotten a day after their end.',
  });
