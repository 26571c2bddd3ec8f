import { createHash } from 'node:crypto';
import { callerKey } from '../core/caller-key.js';
import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { Kept, OnceOptions } from '../core/jobs.js';
import { canonicalJson } from './canonical-json.js';
import { holdRun, isLost, leaseMs, storeError } from './held-run.js';

import type { Run, RunStore } from './run.js';

export interface OnceParts {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly holder: string;
  /** How long a result is kept for calls with its key. */
  readonly keptMs: number;
}

const pollMs = 200;
const defaultWaitMs = 120_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Makes one call of all with the same key, also of those on other servers that share the store. */
export function createOnce(parts: OnceParts) {
  const { store, clock } = parts;

  /** What the run of somebody else gave; undefined when it failed, so that this call may try. */
  async function resultOf(run: Run, { signal, timeoutMs = defaultWaitMs }: OnceOptions): Promise<Kept | undefined> {
    const untilMs = clock.monotonicMs() + timeoutMs;
    for (let current: Run | undefined = run; current; current = await store.find(run.id)) {
      if (current.outcome !== undefined) return JSON.parse(current.outcome) as Kept;
      if (isLost(current, clock)) throw lostCall();
      if (clock.monotonicMs() >= untilMs) throw stillRunning();
      await clock.sleep(pollMs, signal).catch(() => {
        throw abortedError(signal);
      });
    }
    return undefined;
  }
  async function work(run: Run, task: () => Promise<Kept>): Promise<Kept> {
    const held = holdRun(run, parts);
    try {
      const result = await task();
      const endedAtMs = clock.nowMs();
      // The caller has paid for the answer, so it gets it even if the store has gone away.
      await held
        .end({ outcome: JSON.stringify(result), endedAtMs, expiresAtMs: endedAtMs + parts.keptMs })
        .catch(() => undefined);
      return result;
    } catch (error) {
      await held.drop().catch(() => undefined);
      throw error;
    }
  }

  return async (options: OnceOptions, task: () => Promise<Kept>): Promise<Kept> => {
    const run = newRun(options, parts);
    for (;;) {
      const found = await store.begin({ ...run, leaseUntilMs: clock.nowMs() + leaseMs }).catch(rethrow);
      if (!found) return work(run, task);
      if (found.fingerprint !== run.fingerprint) throw otherRequest();
      const result = await resultOf(found, options);
      if (result) return result;
    }
  };
}

function newRun({ caller, key, tool, request }: OnceOptions, { clock, holder, keptMs }: OnceParts): Run {
  const owner = callerKey(caller);
  const startedAtMs = clock.nowMs();
  return {
    id: `key-${sha256(canonicalJson([owner, key]))}`,
    owner,
    tool,
    fingerprint: sha256(canonicalJson([tool, request])),
    holder,
    startedAtMs,
    leaseUntilMs: startedAtMs + leaseMs,
    expiresAtMs: startedAtMs + keptMs,
    cancelRequested: false,
  };
}

function rethrow(error: unknown): never {
  throw storeError(error);
}

const otherRequest = (): ServiceError =>
  new ServiceError('validation', 'This `idempotency_key` already stands for a call with other arguments.', {
    remedy: 'Use a new key for a new call; repeat a call with exactly the same arguments.',
  });

const lostCall = (): ServiceError =>
  new ServiceError('internal', 'The first call with this `idempotency_key` was lost when its server stopped.', {
    remedy: 'It may have been billed. If you still need the answer, call again with a new key.',
  });

const stillRunning = (): ServiceError =>
  new ServiceError('timeout', 'The first call with this `idempotency_key` is still running.', {
    reason: 'deadline',
    remedy: 'Call again with the same key to get its result.',
    retryAfterMs: 1_000,
  });
