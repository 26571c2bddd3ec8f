import type { Clock, Random } from '../core/clock.js';
import { toServiceError } from '../core/errors.js';
import type { CacheHit } from '../core/events.js';
import type { Handler, Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import { type ModelResponse, responseText } from '../core/response.js';
import { createAnswerMaker } from './answer-maker.js';
import { cacheKey, tenantName } from './cache-key.js';
import type { CacheManager, FoundEntry } from './cache-manager.js';
import { type CacheRules, cachePlan, mayServeStale } from './cache-policy.js';
import { createCacheRefresher, type Renew } from './cache-refresher.js';
import type { CacheStatistics } from './cache-statistics.js';
import type { CachedCall } from './cached-call.js';
import { freshnessOf, isWithinErrorLimit } from './freshness.js';
import type { HotRequests } from './hot-requests.js';

export interface CacheStageOptions {
  readonly cache: CacheManager;
  readonly rules: CacheRules;
  readonly statistics: CacheStatistics;
  readonly hot: HotRequests;
  readonly clock: Clock;
  readonly random: Random;
  /** Changes with the rules by which models are chosen. */
  readonly policyVersion: string;
  readonly canonicalModel?: (name: string) => string;
  readonly renew: Renew;
}

type Served = Omit<CacheHit, 'ageMs' | 'saved' | 'served'>;

/**
 * Answers an equal question of the same tenant from the cache, and makes one call of equal ones in flight, over all
 * processes that share a Redis. What is kept and served is decided in cache-policy.ts and freshness.ts. A call that
 * streams text is neither joined nor waited for.
 */
export function createCacheStage(options: CacheStageOptions): Stage<ModelRequest> {
  const { cache, clock, random, rules } = options;
  const maker = createAnswerMaker(options);
  // Who asks after something was dropped must not get what was asked before.
  cache.onDrop(maker.separate);
  const refresher = createCacheRefresher({ renew: options.renew, claims: cache.claims });
  const serve = createServing(options);

  const serveKept = (call: CachedCall, found: FoundEntry, lookupMs: number): ModelResponse | undefined => {
    const { key, request, plan, context } = call;
    const freshness = freshnessOf(found, plan, clock.nowMs(), random);
    if (freshness === 'old') return undefined;
    const refreshing = freshness !== 'fresh' && refresher.start(key, request, plan, context.caller);
    if (freshness === 'stale' && !refreshing) return undefined;
    const stale = freshness === 'stale' ? { stale: 'revalidating' as const } : {};
    return serve(call, found, { tier: found.tier, lookupMs, ...stale, ...(refreshing && { refreshing }) });
  };
  const serveInstead = async (call: CachedCall, thrown: unknown): Promise<ModelResponse> => {
    const { category } = toServiceError(thrown);
    const mayServe = mayServeStale(category) && !call.context.signal.aborted && call.plan.staleIfErrorMs > 0;
    const found = mayServe ? await cache.peek(call.key) : undefined;
    if (!found || !isWithinErrorLimit(found, call.plan, clock.nowMs())) throw thrown;
    return serve(call, found, { tier: found.tier, stale: 'failed' });
  };
  const answer = async (next: Handler<ModelRequest>, call: CachedCall): Promise<ModelResponse> => {
    const startedAtMs = clock.monotonicMs();
    // Where somebody already asks, a look-up can only miss, and could miss after the answer was kept and its flight over.
    const found = maker.isMaking(call.key) ? undefined : await cache.get(call.key);
    const lookupMs = clock.monotonicMs() - startedAtMs;
    const kept = found && serveKept(call, found, lookupMs);
    if (kept) return kept;
    try {
      const { response, shared } = await maker.make(next, call, lookupMs);
      return shared ? serve(call, shared, { tier: 'flight' }) : response;
    } catch (thrown) {
      return serveInstead(call, thrown);
    }
  };

  return (next) => async (request, context) => {
    const plan = cachePlan(request, context, rules);
    if (!plan) return next(request, context);
    const { policyVersion, canonicalModel } = options;
    const { tenant, allowedModels } = context.caller;
    const key = cacheKey({
      tenant,
      request,
      policyVersion,
      ...(allowedModels && { allowedModels }),
      ...(canonicalModel && { canonicalModel }),
    });
    const call = { request, context, plan, key };
    return plan.lookUp ? answer(next, call) : maker.makeAnew(next, call);
  };
}

/** What is said and counted of an answer that no model was asked for. */
function createServing({ clock, statistics, hot }: CacheStageOptions) {
  return ({ key, request, context }: CachedCall, { entry }: Pick<FoundEntry, 'entry'>, how: Served): ModelResponse => {
    const { response, cost: saved } = entry;
    const tenant = tenantName(context.caller.tenant);
    const nowMs = clock.nowMs();
    const hit = { ...how, served: response.served, saved, ageMs: Math.max(0, nowMs - entry.storedAtMs) };
    statistics.hit({ tenant, model: response.served.model, tier: how.tier, saved, usage: response.usage });
    hot.note({ key, tenant, request, saved });
    context.record({ type: 'cache-hit', ...hit });
    context.onText?.(responseText(response.content));
    // The time of its first token was another call's.
    const { timeToFirstTokenMs: _, ...answer } = response;
    return {
      ...answer,
      // What the sandbox said stays the sandbox's word, however often it is given.
      source: response.source === 'sandbox' ? 'sandbox' : 'cache',
      cost: { nanoUsd: 0, estimated: false },
      notices: how.stale ? [...response.notices, staleNotice(how.stale, hit.ageMs)] : response.notices,
    };
  };
}

function staleNotice(stale: NonNullable<CacheHit['stale']>, ageMs: number): string {
  const why = stale === 'failed' ? 'because no new one could be made' : 'while a new one is made';
  return `The answer is from the cache and past its time: ${Math.round(ageMs / 1_000)} s old, served ${why}.`;
}
