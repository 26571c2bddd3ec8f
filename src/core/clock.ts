/** Time as a port, so that tests decide what time it is and nothing waits for real. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: for records and for budget windows. */
  nowMs(): number;
  /** Never goes backwards, milliseconds from an arbitrary start: for deadlines and durations. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness as a port: jitter and identifiers can be replayed from a seed. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A new unguessable identifier. */
  id(): string;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // Not node:timers/promises: each of its cancelled sleeps costs an AbortError with a stack, and most are cancelled.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        // The reason is the caller's, whatever it is.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', wake);
          resolve();
        },
        Math.max(0, ms),
      );
      if (signal?.aborted) wake();
      else signal?.addEventListener('abort', wake, { once: true });
    }),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  id: () => globalThis.crypto.randomUUID(),
};
