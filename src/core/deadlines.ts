import { createAlarm } from './alarm.js';
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
  let closedWith: ServiceError | undefined;

  const endDue = (): void => {
    const nowMs = clock.monotonicMs();
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const [end, { startedAtMs, atMs }] of running) {
      if (atMs > nowMs) {
        earliestMs = Math.min(earliestMs, atMs);
        continue;
      }
      running.delete(end);
      const message = `No answer within ${Math.round(atMs - startedAtMs)} ms.`;
      end(new ServiceError('timeout', message, { reason: 'deadline' }));
    }
    alarm.ringBy(earliestMs);
  };
  const alarm = createAlarm(clock, endDue);
  return {
    add: (end, atMs) => {
      if (closedWith) {
        end(closedWith);
        return;
      }
      running.set(end, { startedAtMs: clock.monotonicMs(), atMs });
      alarm.ringBy(atMs);
    },
    remove: (end) => {
      running.delete(end);
    },
    close: (reason) => {
      closedWith = reason;
      alarm.close();
      for (const end of running.keys()) end(reason);
      running.clear();
    },
  };
}
