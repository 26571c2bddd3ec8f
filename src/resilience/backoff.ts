import type { Random } from '../core/clock.js';

export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Full jitter: uniform between 0 and the exponential step, so that callers who failed together do not return together
 * (Amazon Builders' Library, "Timeouts, retries and backoff with jitter"). What the service asked for is the floor.
 *
 * @param retry 1 for the first retry.
 * @returns milliseconds to wait.
 */
export function backoffDelayMs(
  retry: number,
  retryAfterMs: number | undefined,
  { baseMs, capMs }: BackoffOptions,
  random: Random,
): number {
  const step = Math.min(capMs, baseMs * 2 ** (retry - 1));
  return Math.round((retryAfterMs ?? 0) + random.next() * step);
}
