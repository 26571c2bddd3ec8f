import type { NanoUsd } from '../../src/core/response.js';

/** US dollars of integer nano-dollars. */
export function toUsd(amount: NanoUsd): number {
  return amount / 1e9;
}

/** A sum for people: cents from a dollar on, else enough digits to tell two calls apart. */
export function usdText(amount: NanoUsd): string {
  const usd = toUsd(amount);
  if (usd === 0) return '$0';
  return Math.abs(usd) >= 1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(6)}`;
}
