import type { BudgetSubject } from '../../core/budget.js';
import type { Clock } from '../../core/clock.js';
import { abortedError, ServiceError } from '../../core/errors.js';
import { type Counter, counterName } from './counters.js';
import { throttleAt } from './throttle-curve.js';

/** Calls that wait for the same budget; more would only wait for their deadlines. */
const mostWaiting = 1_000;

export interface ThrottleGateOptions {
  readonly strained: (subject: BudgetSubject) => { readonly counter: Counter; readonly share: number } | undefined;
  readonly clock: Clock;
  /** Calls that run at once while no budget is strained. */
  readonly maxConcurrent: number;
}

interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/** Holds calls back as a hard budget nears its limit, by the published curve. */
export interface ThrottleGate {
  /** Resolves when the call may go on, to what gives its place back. Rejects with the abort of the call. */
  enter(subject: BudgetSubject, signal: AbortSignal): Promise<() => void>;
}

export function createThrottleGate({ strained, clock, maxConcurrent }: ThrottleGateOptions): ThrottleGate {
  const lines = new Map<string, Line>();

  const leave = (key: string, line: Line): void => {
    line.running -= 1;
    const [next] = line.waiting;
    next?.();
    if (line.running === 0 && line.waiting.size === 0) lines.delete(key);
  };
  const place = async (counter: Counter, limit: number, signal: AbortSignal): Promise<() => void> => {
    const line = lines.get(counter.key) ?? { running: 0, waiting: new Set() };
    lines.set(counter.key, line);
    while (line.running >= limit) {
      if (line.waiting.size >= mostWaiting) throw crowded(counter);
      await turn(line, signal);
    }
    line.running += 1;
    let left = false;
    return () => {
      if (!left) leave(counter.key, line);
      left = true;
    };
  };

  return {
    enter: async (subject, signal) => {
      const strain = strained(subject);
      // What is used up altogether is refused at once, by whoever reserves.
      if (!strain || strain.share >= 1) return () => undefined;
      const { concurrency, delayMs } = throttleAt(strain.share);
      if (concurrency === 1) return () => undefined;
      const giveBack = await place(strain.counter, Math.max(1, Math.floor(maxConcurrent * concurrency)), signal);
      try {
        if (delayMs > 0) await clock.sleep(delayMs, signal);
        return giveBack;
      } catch {
        giveBack();
        throw abortedError(signal);
      }
    },
  };
}

function turn(line: Line, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      line.waiting.delete(wake);
      signal.removeEventListener('abort', onAbort);
    };
    const wake = () => {
      end();
      resolve();
    };
    const onAbort = () => {
      end();
      reject(abortedError(signal));
    };
    line.waiting.add(wake);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

const crowded = (counter: Counter): ServiceError =>
  new ServiceError('budget_exceeded', `Too many calls wait for the budget ${JSON.stringify(counterName(counter))}.`, {
    reason: 'budget_used_up',
    retryAfterMs: 2_000,
  });
