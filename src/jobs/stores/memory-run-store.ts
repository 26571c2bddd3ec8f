import type { Clock } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import type { Run, RunStore } from '../run.js';

export interface MemoryRunStoreOptions {
  readonly clock: Clock;
  /** Default 10,000. */
  readonly maxRuns?: number;
  /** Characters of all outcomes. Default 50 million. */
  readonly maxCharacters?: number;
}

/** Runs of this process only. Bounded: the run that ended first makes room. */
export function createMemoryRunStore(options: MemoryRunStoreOptions): RunStore {
  const { clock, maxRuns = 10_000, maxCharacters = 50_000_000 } = options;
  /** Ended ones in the order of their end, before which those that run stand anywhere. */
  const runs = new Map<string, Run>();
  let characters = 0;

  function forget(id: string): void {
    characters -= runs.get(id)?.outcome?.length ?? 0;
    runs.delete(id);
  }
  function find(id: string): Run | undefined {
    const run = runs.get(id);
    if (!run || run.expiresAtMs > clock.nowMs()) return run;
    forget(id);
    return undefined;
  }
  function makeRoom(): void {
    for (const { id, outcome, expiresAtMs } of runs.values()) {
      const full = runs.size >= maxRuns || characters > maxCharacters;
      if (expiresAtMs <= clock.nowMs() || (full && outcome !== undefined)) forget(id);
      else if (!full) return;
    }
    if (runs.size < maxRuns) return;
    throw new ServiceError('rate_limit', 'Too many calls are kept for later already.', {
      reason: 'overloaded',
      retryAfterMs: 5_000,
    });
  }
  const ownUnended = (id: string, holder: string): Run | undefined => {
    const run = find(id);
    return run?.holder === holder && run.outcome === undefined ? run : undefined;
  };

  return {
    begin: async (run) => {
      const found = find(run.id);
      if (found) return found;
      makeRoom();
      runs.set(run.id, run);
      return undefined;
    },
    find: async (id) => find(id),
    renew: async (id, holder, leaseUntilMs) => {
      const run = ownUnended(id, holder);
      if (!run) return 'lost';
      runs.set(id, { ...run, leaseUntilMs });
      return run.cancelRequested ? 'cancel' : 'kept';
    },
    end: async (id, holder, end) => {
      const run = ownUnended(id, holder);
      if (!run) return;
      runs.delete(id);
      runs.set(id, { ...run, ...end });
      characters += end.outcome.length;
    },
    drop: async (id, holder) => {
      if (ownUnended(id, holder)) forget(id);
    },
    requestCancel: async (id) => {
      const run = find(id);
      if (run && run.outcome === undefined) runs.set(id, { ...run, cancelRequested: true });
    },
    close: async () => runs.clear(),
  };
}
