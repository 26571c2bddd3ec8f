import type { LedgerRow } from '../core/ledger.js';
import type { PriceBook } from '../core/ports.js';
import type { NanoUsd, Usage } from '../core/response.js';
import type { Target } from '../core/target.js';

export interface PricedAttempt {
  readonly target: Target;
  readonly usage: Usage;
  readonly cost: NanoUsd;
  /** When it was sent: prices of that moment count. */
  readonly atMs: number;
  /** The dearest candidate of the decision that chose the target. */
  readonly dearest?: Target | undefined;
}

/** What an answered attempt cost less than without prompt caching, and than at the dearest candidate with the same tokens. */
export function savingsOf(
  prices: PriceBook,
  attempt: PricedAttempt,
): Pick<LedgerRow, 'promptCacheSaved' | 'routingSaved'> {
  const { target, usage, cost, atMs, dearest } = attempt;
  const isCached = usage.cacheReadTokens > 0 || usage.cacheWriteTokens > 0;
  return {
    ...(isCached && { promptCacheSaved: prices.costOf(target, uncached(usage), atMs).nanoUsd - cost }),
    ...(dearest && { routingSaved: prices.costOf(dearest, usage, atMs).nanoUsd - cost }),
  };
}

const uncached = (usage: Usage): Usage => ({
  ...usage,
  inputTokens: usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
});
