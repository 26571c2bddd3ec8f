import type { Clock } from './clock.js';
import { abortedError, type ServiceError } from './errors.js';
import type { CallPriority } from './pipeline.js';

/** Lets so many calls in at once; a bounded number of others waits, each no longer than it is worth. */
export interface BoundedQueue {
  /**
   * Resolves to the function that gives the place back. Rejects at once with the refusal when no place is to be had in
   * time, later when calls of a higher priority take the place, and with the abort of the call.
   */
  enter(visit: Visit): Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

export interface Visit {
  readonly signal: AbortSignal;
  /** How long the place is worth waiting for, milliseconds. */
  readonly patienceMs: number;
  readonly priority?: CallPriority;
}

export interface BoundedQueueOptions {
  readonly limit: number;
  readonly maxQueued: number;
  readonly clock: Clock;
  /** The error for a call that is not let in, with the time after which a place is likely. */
  readonly refusal: (retryAfterMs: number) => ServiceError;
}

/** A call counts as if it had come so much later: enough to let others pass, too little to wait for ever behind them. */
const handicapMs: Readonly<Record<CallPriority, number>> = { interactive: 0, batch: 5_000, background: 30_000 };
const shortestRetryMs = 50;
const longestRetryMs = 60_000;
const longestPatienceMs = 3_600_000;
/** Weight of the newest call in the average duration. */
const newestWeight = 0.2;
/** Who already waits is sent away only when even so much quicker calls would not make a place in time. */
const doubt = 2;

interface Waiter {
  /** Who is lower goes first. */
  readonly rankMs: number;
  readonly worthUntilMs: number;
  readonly admit: () => void;
  readonly refuse: () => void;
}

export function createBoundedQueue({ limit, maxQueued, clock, refusal }: BoundedQueueOptions): BoundedQueue {
  const waiters: Waiter[] = [];
  const places = createPlaces(limit, clock, () => {
    waiters[0]?.admit();
    shed();
  });
  const refused = (ahead: number): ServiceError =>
    refusal(Math.min(longestRetryMs, Math.max(shortestRetryMs, Math.ceil(places.expectedWaitMs(ahead)))));

  function shed(): void {
    const nowMs = clock.monotonicMs();
    const hopeless = waiters.filter(
      ({ worthUntilMs }, ahead) => places.expectedWaitMs(ahead) > doubt * Math.max(0, worthUntilMs - nowMs),
    );
    for (const waiter of hopeless) waiter.refuse();
  }

  return {
    enter: async (visit) => {
      const { signal, patienceMs, priority = 'interactive' } = visit;
      if (signal.aborted) throw abortedError(signal);
      if (places.running() < limit) return places.take();
      const rankMs = clock.monotonicMs() + handicapMs[priority];
      const index = waiters.findLastIndex((waiter) => waiter.rankMs <= rankMs) + 1;
      if (patienceMs <= 0 || places.expectedWaitMs(index) > patienceMs) throw refused(index);
      if (waiters.length >= maxQueued) {
        if (index >= waiters.length) throw refused(index);
        waiters.at(-1)?.refuse();
      }
      const place = wait({ waiters, clock, take: places.take, refused }, visit, rankMs, index);
      if (index < waiters.length - 1) shed();
      return await place;
    },
    get running() {
      return places.running();
    },
    get waiting() {
      return waiters.length;
    },
  };
}

/** The places themselves, and how long each is usually held. */
function createPlaces(limit: number, clock: Clock, onLeave: () => void) {
  let running = 0;
  let averageMs = 0;
  return {
    running: () => running,
    expectedWaitMs: (ahead: number): number => ((ahead + 1) * averageMs) / limit,
    take: () => {
      const startedAtMs = clock.monotonicMs();
      let held = true;
      running += 1;
      return () => {
        // A place given back twice would widen the gate.
        if (!held) return;
        held = false;
        const durationMs = clock.monotonicMs() - startedAtMs;
        averageMs = averageMs === 0 ? durationMs : averageMs + newestWeight * (durationMs - averageMs);
        running -= 1;
        onLeave();
      };
    },
  };
}

interface Line {
  readonly waiters: Waiter[];
  readonly clock: Clock;
  readonly take: () => () => void;
  readonly refused: (ahead: number) => ServiceError;
}

/** Waits at its place in the line; whatever ends the wait takes it out. */
function wait(line: Line, { signal, patienceMs }: Visit, rankMs: number, index: number): Promise<() => void> {
  const { waiters, clock, take, refused } = line;
  return new Promise((resolve, reject) => {
    const patience = new AbortController();
    const leaveLine = () => {
      waiters.splice(waiters.indexOf(waiter), 1);
      signal.removeEventListener('abort', onAbort);
      patience.abort();
    };
    const refuse = () => {
      const ahead = waiters.indexOf(waiter);
      leaveLine();
      reject(refused(ahead));
    };
    const onAbort = () => {
      leaveLine();
      reject(abortedError(signal));
    };
    const admit = () => {
      leaveLine();
      resolve(take());
    };
    const waiter: Waiter = { rankMs, worthUntilMs: clock.monotonicMs() + patienceMs, admit, refuse };
    waiters.splice(index, 0, waiter);
    signal.addEventListener('abort', onAbort, { once: true });
    clock.sleep(Math.min(patienceMs, longestPatienceMs), patience.signal).then(refuse, () => undefined);
  });
}
