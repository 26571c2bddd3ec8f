import type { Clock } from './clock.js';
import { ServiceError } from './errors.js';

export type EndCall = (reason: ServiceError) => void;

/** The calls that run now, each with the time at which it has to be over. */
export interface Deadlines {
  /** `end` is called once, at that time of the monotonic clock, unless it is removed before. */
  add(end: EndCall, atMs: number): void;
  remove(end: EndCall): void;
  /** Ends all calls now, and those that still come at once. */
  close(reason: ServiceError): void;
}

/** One wait for all calls: they end long before their deadlines, and a timer for each would be made to be thrown away. */
export function createDeadlines(clock: Clock): Deadlines {
  const running = new Map<EndCall, { readonly startedAtMs: number; readonly atMs: number }>();
  const closed = new AbortController();
  let wakeAtMs = Number.POSITIVE_INFINITY;

  const endDue = (): void => {
    const nowMs = clock.monotonicMs();
    for (const [end, { startedAtMs, atMs }] of running) {
      if (atMs > nowMs) continue;
      running.delete(end);
      const message = `No answer within ${Math.round(atMs - startedAtMs)} ms.`;
      end(new ServiceError('timeout', message, { reason: 'deadline' }));
    }
  };
  const wake = async (atMs: number): Promise<void> => {
    wakeAtMs = atMs;
    await clock.sleep(atMs - clock.monotonicMs(), closed.signal);
    // A deadline before it came later and has a wait of its own.
    if (wakeAtMs < atMs) return;
    wakeAtMs = Number.POSITIVE_INFINITY;
    endDue();
    plan();
  };
  const plan = (): void => {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { atMs } of running.values()) earliestMs = Math.min(earliestMs, atMs);
    if (earliestMs < wakeAtMs) wake(earliestMs).catch(() => undefined);
  };
  return {
    add: (end, atMs) => {
      if (closed.signal.aborted) {
        end(closed.signal.reason as ServiceError);
        return;
      }
      running.set(end, { startedAtMs: clock.monotonicMs(), atMs });
      if (atMs < wakeAtMs) wake(atMs).catch(() => undefined);
    },
    remove: (end) => {
      running.delete(end);
    },
    close: (reason) => {
      closed.abort(reason);
      for (const end of running.keys()) end(reason);
      running.clear();
    },
  };
}
