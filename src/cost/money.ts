import type { NanoUsd } from '../core/response.js';

const nanoPerUsd = 1_000_000_000;

/** USD as integer nano-dollars. Rounded, because 0.29 × 1e9 is a hair below the whole number. */
export const nanoFromUsd = (usd: number): NanoUsd => Math.round(usd * nanoPerUsd);

/** An amount for a message, with as many digits as it takes to be told from zero: `$1.50`, `$0.000123`. */
export function formatUsd(amount: NanoUsd): string {
  const usd = amount / nanoPerUsd;
  if (amount === 0 || Math.abs(usd) >= 0.01) return `$${usd.toFixed(2)}`;
  return `$${usd.toFixed(9).replace(/0+$/, '')}`;
}
