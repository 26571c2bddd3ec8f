import type { BudgetUse } from '../core/budget.js';
import type { PriceBook } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import { noUsage } from '../core/response.js';
import { estimateInputTokens } from '../core/token-estimate.js';

/**
 * The most that one attempt can use: all of the input at the dearer of the input and the cache-write price, and an answer
 * of the full `max_tokens`. Input is estimated, on the high side.
 */
export function worstCaseUse(
  prices: PriceBook,
  request: RoutedRequest,
  cachesForAnHour = false,
  tokens = estimateInputTokens(request),
): BudgetUse {
  const cacheWrite1hTokens = cachesForAnHour ? tokens : 0;
  const served = dearestTier(request);
  const usage = { ...noUsage, ...served, outputTokens: request.max_tokens, totalTokens: tokens + request.max_tokens };
  const plain = prices.costOf(request.target, { ...usage, inputTokens: tokens });
  const caching = prices.costOf(request.target, { ...usage, cacheWriteTokens: tokens, cacheWrite1hTokens });
  return { cost: Math.max(plain.nanoUsd, caching.nanoUsd), tokens: usage.totalTokens, calls: 1 };
}

/** Where a cheaper tier is asked for, the default one may still do the work. */
function dearestTier({ service_tier: tier, latency }: RoutedRequest) {
  if (tier === 'priority') return { serviceTier: tier };
  return latency === 'optimized' ? { serviceTier: latency } : {};
}
