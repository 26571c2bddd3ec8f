import type { Clock } from '../core/clock.js';
import type { ServerEvent } from '../core/events.js';

/** Operations that may be under way; a store that is slow must not make them pile up. */
const concurrentOperations = 512;
/** The time is counted in parts, so that a process that was busy with itself does not take its own lateness for the store's. */
const partsOfTime = 4;
const firstPauseMs = 1_000;
const longestPauseMs = 10_000;

export interface StoreGuardOptions {
  /** Names the store in events. */
  readonly store: string;
  /** Bound of an operation that names none of its own. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Asks the store for a sign of life, while it is out of use. */
  readonly probe: () => Promise<unknown>;
}

export interface StoreGuard {
  /**
   * The result of the operation; undefined when it failed, took too long, or the store is out of use.
   * Never rejects, never lasts longer than the time-out.
   */
  run<T>(operation: () => Promise<T>, timeoutMs?: number): Promise<T | undefined>;
  /** False while the store is out of use. */
  inUse(): boolean;
}

type State =
  | { readonly name: 'in-use' }
  | { readonly name: 'out-of-use'; readonly probeAtMs: number; readonly pauseMs: number };

/**
 * Keeps a store that is down or frozen from costing its callers time: the first failure takes it out of use, and from
 * then on only probes in the background find out whether it is back. No caller ever waits for a probe.
 */
export function createStoreGuard({ store, timeoutMs, clock, onServerEvent, probe }: StoreGuardOptions): StoreGuard {
  let state: State = { name: 'in-use' };
  let running = 0;
  let probing = false;

  const pause = (pauseMs: number): State => ({ name: 'out-of-use', pauseMs, probeAtMs: clock.monotonicMs() + pauseMs });
  const failed = (why: string): void => {
    if (state.name === 'out-of-use') return;
    state = pause(firstPauseMs);
    onServerEvent({ type: 'store-degraded', store, why });
  };
  const attempt = async <T>(
    operation: () => Promise<T>,
    limitMs = timeoutMs,
  ): Promise<{ value: T } | { why: string }> => {
    running += 1;
    try {
      return await withinTime(operation, limitMs, clock);
    } finally {
      running -= 1;
    }
  };
  const probeOnce = async (pauseMs: number): Promise<void> => {
    probing = true;
    const outcome = await attempt(probe);
    probing = false;
    if ('why' in outcome) {
      state = pause(Math.min(pauseMs * 2, longestPauseMs));
      return;
    }
    state = { name: 'in-use' };
    onServerEvent({ type: 'store-recovered', store });
  };

  return {
    inUse: () => state.name === 'in-use',
    run: async (operation, limitMs) => {
      if (state.name === 'out-of-use') {
        if (!probing && clock.monotonicMs() >= state.probeAtMs) void probeOnce(state.pauseMs);
        return undefined;
      }
      if (running >= concurrentOperations) return undefined;
      const outcome = await attempt(operation, limitMs);
      if ('value' in outcome) return outcome.value;
      failed(outcome.why);
      return undefined;
    },
  };
}

async function withinTime<T>(
  operation: () => Promise<T>,
  timeoutMs: number,
  clock: Clock,
): Promise<{ value: T } | { why: string }> {
  const done = new AbortController();
  const late = passed(timeoutMs, clock, done.signal).then(
    () => ({ why: `no answer within ${timeoutMs} ms` }),
    () => ({ why: 'ended' }),
  );
  const outcome = (async () => ({ value: await operation() }))().catch(() => ({ why: 'not reachable, or it refused' }));
  try {
    return await Promise.race([outcome, late]);
  } finally {
    done.abort();
  }
}

/** A stretch in which this process did nothing else counts as one part, however long it was. */
async function passed(timeMs: number, clock: Clock, signal: AbortSignal): Promise<void> {
  for (let part = 0; part < partsOfTime; part += 1) await clock.sleep(timeMs / partsOfTime, signal);
}
