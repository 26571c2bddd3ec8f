import type { Random } from '../core/clock.js';
import type { FoundEntry } from './cache-manager.js';
import type { CachePlan } from './cache-policy.js';

/** Uses within the time of an answer from which on it is worth renewing before its time is over. */
const hotFromHits = 3;

/**
 * `early`: fresh, and worth making anew already. `stale`: over, and good enough while a new one is made.
 * `old`: over, and only better than none.
 */
export type Freshness = 'fresh' | 'early' | 'stale' | 'old';

/** How good a kept answer is for a request that would keep it for `plan.ttlMs`. */
export function freshnessOf(found: FoundEntry, plan: CachePlan, nowMs: number, random: Random): Freshness {
  const endsAtMs = endOf(found, plan);
  if (nowMs < endsAtMs) return isDueEarly(found, endsAtMs - nowMs, random) ? 'early' : 'fresh';
  return nowMs < endsAtMs + plan.revalidateMs ? 'stale' : 'old';
}

/** Whether an answer past its time may stand in for one that could not be made. */
export function isWithinErrorLimit(found: FoundEntry, plan: CachePlan, nowMs: number): boolean {
  return nowMs < endOf(found, plan) + plan.staleIfErrorMs;
}

/** An answer may have been kept for longer than this request would keep it. */
const endOf = ({ entry }: FoundEntry, { ttlMs }: CachePlan): number =>
  Math.min(entry.expiresAtMs, entry.storedAtMs + ttlMs);

/**
 * XFetch with beta 1 (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015):
 * the nearer the end and the longer the making, the likelier. So somebody renews a hot answer before all wait for it.
 */
function isDueEarly({ entry, hits }: FoundEntry, leftMs: number, random: Random): boolean {
  return hits >= hotFromHits && entry.madeInMs * -Math.log(1 - random.next()) >= leftMs;
}
