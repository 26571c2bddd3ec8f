import type { Caller } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import type { CachePlan } from './cache-policy.js';
import type { AnswerClaims } from './stores/answer-claims.js';

/** Answers that are made anew at once; what is beyond is served as it is. */
const mostAtOnce = 16;
/** How long one may take, for the fence of its claim. */
const longestMs = 600_000;

/** Makes an answer anew as a call of its own, with its own id, deadline and cost. */
export type Renew = (request: ModelRequest, caller: Caller) => Promise<unknown>;

export interface CacheRefresher {
  /** Begins in the background, unless somebody is at it already; false when it does not. */
  start(key: string, request: ModelRequest, plan: CachePlan, caller: Caller): boolean;
}

export interface CacheRefresherOptions {
  readonly renew: Renew;
  readonly claims?: AnswerClaims | undefined;
}

export function createCacheRefresher({ renew, claims }: CacheRefresherOptions): CacheRefresher {
  const underWay = new Set<string>();

  const refresh = async (key: string, request: ModelRequest, caller: Caller): Promise<void> => {
    const claim = await claims?.claim(key, longestMs);
    if (claim === 'taken') return;
    try {
      await renew(request, caller);
    } finally {
      if (typeof claim === 'object') await claims?.release(key, claim);
    }
  };
  return {
    start: (key, request, { ttlMs }, caller) => {
      if (underWay.has(key)) return true;
      if (underWay.size >= mostAtOnce) return false;
      underWay.add(key);
      const again: ModelRequest = { ...request, cache: 'refresh', cache_ttl_seconds: Math.round(ttlMs / 1_000) };
      // Nobody waits for it; the call has reported its own failure, and the answer that is there stays.
      refresh(key, again, caller)
        .catch(() => undefined)
        .finally(() => underWay.delete(key));
      return true;
    },
  };
}
