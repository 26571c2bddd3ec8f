import type { Clock } from '../core/clock.js';
import type { CacheTier, CallEvent } from '../core/events.js';
import type { CallContext, Handler, Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import { type ModelResponse, type NanoUsd, responseText } from '../core/response.js';
import { cacheKey } from './cache-key.js';
import type { CacheManager, FoundEntry } from './cache-manager.js';
import { type CachePlan, type CacheTimes, cachePlan, isKeepable } from './cache-policy.js';
import { createSingleFlight } from './single-flight.js';

export interface CacheStageOptions extends CacheTimes {
  readonly cache: CacheManager;
  readonly clock: Clock;
  /** Changes with the rules by which models are chosen. */
  readonly policyVersion: string;
  /** Keep answers of the sandbox and of a local model as if they were Bedrock's. */
  readonly keepSandboxAnswers?: boolean;
}

/**
 * Answers an equal question of the same tenant from the cache, and makes one call of equal ones in flight. Kept are
 * complete answers only (see cache-policy.ts). A call that streams text is neither joined nor waited for.
 */
export function createCacheStage(options: CacheStageOptions): Stage<ModelRequest> {
  const { cache, clock, policyVersion } = options;
  const flights = createSingleFlight<ModelResponse>();

  const lookUp = async (key: string, plan: CachePlan): Promise<FoundEntry | undefined> => {
    // Where somebody already asks, a look-up can only miss, and could miss after the answer was kept and its flight over.
    const found = flights.has(key) ? undefined : await cache.get(key);
    return found && isFresh(found, plan, clock) ? found : undefined;
  };
  const share = async (key: string, context: CallContext, ask: Ask): Promise<ModelResponse> => {
    const { value, joined } = await flights.run(key, context.signal, (signal) => ask({ ...context, signal }));
    return joined ? serve(value, 'flight', value.cost?.nanoUsd ?? 0, context) : value;
  };

  return (next) => async (request, context) => {
    const plan = cachePlan(request, options);
    if (!plan) return next(request, context);
    const key = cacheKey({ tenant: context.caller.tenant, request, policyVersion });
    const ask = askAndKeep(next, request, { options, plan, key });
    if (!plan.lookUp) return ask(context);
    const found = await lookUp(key, plan);
    if (found) return serve(found.entry.response, found.tier, found.entry.cost, context);
    const miss: Ask = (inner) => {
      inner.record({ type: 'cache-missed' });
      return ask(inner);
    };
    return context.onText ? miss(context) : share(key, context, miss);
  };
}

/** An answer may have been kept for longer than this request would keep it. */
const isFresh = ({ entry }: FoundEntry, plan: CachePlan, clock: Clock): boolean =>
  clock.nowMs() < Math.min(entry.expiresAtMs, entry.storedAtMs + plan.ttlMs);

function serve(response: ModelResponse, tier: CacheTier, saved: NanoUsd, context: CallContext): ModelResponse {
  context.record({ type: 'cache-hit', tier, saved });
  context.onText?.(responseText(response.content));
  // The time of its first token was another call's.
  const { timeToFirstTokenMs: _, ...answer } = response;
  // What the sandbox said stays the sandbox's word, however often it is given.
  const source = response.source === 'sandbox' ? 'sandbox' : 'cache';
  return { ...answer, source, cost: { nanoUsd: 0, estimated: false } };
}

interface Keeping {
  readonly options: CacheStageOptions;
  readonly plan: CachePlan;
  readonly key: string;
}

type Ask = (context: CallContext) => Promise<ModelResponse>;

function askAndKeep(next: Handler<ModelRequest>, request: ModelRequest, { options, plan, key }: Keeping): Ask {
  const { cache, clock, keepSandboxAnswers = false } = options;
  return async (context) => {
    let fellBack = false;
    const record = (event: CallEvent): void => {
      fellBack ||= event.type === 'fallback-chosen';
      context.record(event);
    };
    const response = await next(request, { ...context, record });
    // What a fallback said is not what the model that was wanted would have said.
    if (!fellBack && isKeepable(response, keepSandboxAnswers)) {
      const storedAtMs = clock.nowMs();
      const entry = { response, cost: response.cost?.nanoUsd ?? 0, storedAtMs, expiresAtMs: storedAtMs + plan.ttlMs };
      await cache.set(key, entry);
    }
    return response;
  };
}
