import type { Clock } from '../core/clock.js';

/** The result of `work`, or a rejection with `late()` when it takes longer than `ms`; `work` itself is not stopped. */
export async function withinTime<Result>(
  clock: Clock,
  ms: number,
  late: () => Error,
  work: Promise<Result>,
): Promise<Result> {
  const finished = new AbortController();
  const timeout = clock.sleep(ms, finished.signal).then(() => {
    throw late();
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    finished.abort();
    timeout.catch(() => undefined);
    work.catch(() => undefined);
  }
}

/** Rejects with the signal's reason as soon as it is aborted, even if `work` goes on. */
export function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  // Not a race of two promises: each call of a model comes through here.
  return new Promise((resolve, reject) => {
    // The reason may be any value; who catches it turns it into a ServiceError.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
    work.then(
      (result) => {
        signal.removeEventListener('abort', onAbort);
        resolve(result);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', onAbort);
        // As it was thrown.
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error);
      },
    );
  });
}
