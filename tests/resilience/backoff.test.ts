import { expect, it } from '@jest/globals';
import { backoffDelayMs } from '../../src/resilience/backoff.js';

const options = { baseMs: 100, capMs: 1_000 };
const random = (value: number) => ({ next: () => value, id: () => '' });

it.each([
  { retry: 1, drawn: 0, retryAfterMs: undefined, expected: 0 },
  { retry: 1, drawn: 0.5, retryAfterMs: undefined, expected: 50 },
  { retry: 3, drawn: 0.5, retryAfterMs: undefined, expected: 200 },
  { retry: 30, drawn: 0.5, retryAfterMs: undefined, expected: 500 },
  { retry: 1, drawn: 0.5, retryAfterMs: 2_000, expected: 2_050 },
])('waits $expected ms before retry $retry when $drawn is drawn and the service asks for $retryAfterMs', (row) => {
  expect(backoffDelayMs(row.retry, row.retryAfterMs, options, random(row.drawn))).toBe(row.expected);
});
