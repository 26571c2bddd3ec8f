import type { Clock } from '../core/clock.js';
import type { CallEvent } from '../core/events.js';
import type { CallContext, Handler } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { CacheEntry } from './cache-entry.js';
import { tenantName, tenantOf } from './cache-key.js';
import type { CacheManager, FoundEntry } from './cache-manager.js';
import { type CachePlan, type CacheRules, isKeepable } from './cache-policy.js';
import type { CacheStatistics } from './cache-statistics.js';
import type { CachedCall } from './cached-call.js';
import type { DroppedFrom } from './drop-rules.js';
import { freshnessOf } from './freshness.js';
import { createSharedFlight, type Making } from './shared-flight.js';
import { createSingleFlight } from './single-flight.js';
import type { Claim } from './stores/answer-claims.js';
import { sourceText, textSketch } from './text-sketch.js';

export interface AnswerMakerOptions {
  readonly cache: CacheManager;
  readonly rules: CacheRules;
  readonly statistics: CacheStatistics;
  readonly clock: Clock;
}

export interface MadeAnswer {
  readonly response: ModelResponse;
  /** Set when it was made for another call. */
  readonly shared?: Pick<FoundEntry, 'entry'>;
}

/** Asks the model, once for all equal calls, and keeps what is worth keeping. */
export interface AnswerMaker {
  isMaking(key: string): boolean;
  make(next: Handler<ModelRequest>, call: CachedCall, lookupMs: number): Promise<MadeAnswer>;
  /** Calls of these tenants that come now do not join those that are under way. */
  separate(tenants: DroppedFrom): void;
  /** For this call alone, over what is kept. */
  makeAnew(next: Handler<ModelRequest>, call: CachedCall): Promise<ModelResponse>;
}

/** An answer as it would be kept, whether or not it is. */
interface Made {
  readonly entry: CacheEntry;
  /** It came from another process. */
  readonly landed: boolean;
}

export function createAnswerMaker(options: AnswerMakerOptions): AnswerMaker {
  const { cache, clock, statistics } = options;
  const flights = createSingleFlight<Made>();
  const shared = cache.claims && createSharedFlight({ claims: cache.claims, clock });

  const ask = async (
    next: Handler<ModelRequest>,
    call: CachedCall,
    claim: Claim | undefined,
  ): Promise<Making<CacheEntry>> => {
    const { result, keepable } = await askModel(next, call, options);
    statistics.missed(result.labels.tenant, result.response.served.model);
    return { result, kept: keepable ? cache.set(call.key, result, claim) : Promise.resolve() };
  };
  const findFresh = async ({ key, plan }: CachedCall): Promise<FoundEntry | undefined> => {
    const found = await cache.peek(key);
    const never = { next: () => 0, id: () => '' };
    return found && freshnessOf(found, plan, clock.nowMs(), never) === 'fresh' ? found : undefined;
  };
  const alone = async (next: Handler<ModelRequest>, call: CachedCall, lookupMs?: number): Promise<CacheEntry> => {
    call.context.record({ type: 'cache-missed', ...(lookupMs !== undefined && { lookupMs }) });
    return (await ask(next, call, undefined)).result;
  };
  const withOthers = async (next: Handler<ModelRequest>, call: CachedCall, lookupMs: number): Promise<Made> => {
    if (!shared) return { entry: await alone(next, call, lookupMs), landed: false };
    const { signal, deadlineMs, record } = call.context;
    const waiting = { signal, deadlineMs, spentMs: lookupMs, find: () => findFresh(call) };
    const outcome = await shared.run(call.key, waiting, (claim) => {
      record({ type: 'cache-missed', lookupMs });
      return ask(next, call, claim);
    });
    return 'made' in outcome ? { entry: outcome.made, landed: false } : { entry: outcome.found.entry, landed: true };
  };

  return {
    isMaking: flights.has,
    separate: (tenants) => flights.forget((key) => tenants?.has(tenantOf(key)) ?? true),
    make: async (next, call, lookupMs) => {
      const { context, key } = call;
      if (context.onText) return { response: (await alone(next, call, lookupMs)).response };
      const { value, joined } = await flights.run(key, context.signal, (signal) =>
        withOthers(next, { ...call, context: { ...context, signal } }, lookupMs),
      );
      const { entry, landed } = value;
      return { response: entry.response, ...((joined || landed) && { shared: { entry } }) };
    },
    makeAnew: async (next, call) => {
      const claim = await cache.claims?.overtake(call.key, call.context.deadlineMs - clock.monotonicMs());
      const { result } = await ask(next, call, claim);
      return result.response;
    },
  };
}

/** The model's answer as an entry, and whether it may be kept. */
async function askModel(
  next: Handler<ModelRequest>,
  { request, context, plan }: CachedCall,
  { clock, rules }: AnswerMakerOptions,
): Promise<{ readonly result: CacheEntry; readonly keepable: boolean }> {
  let fellBack = false;
  const record = (event: CallEvent): void => {
    fellBack ||= event.type === 'fallback-chosen' || event.type === 'economy-chosen';
    context.record(event);
  };
  const startedAtMs = clock.monotonicMs();
  const askedAtMs = clock.nowMs();
  const response = await next(request, { ...context, record });
  // What a fallback, or a cheaper model for want of money, said is not what the model that was wanted would have said.
  const keepable = !fellBack && isKeepable(response, rules);
  const labels = labelsOf(request, context, keepable);
  const times = timesOf(plan, clock.nowMs());
  const madeInMs = clock.monotonicMs() - startedAtMs;
  return { result: { response, cost: response.cost?.nanoUsd ?? 0, labels, madeInMs, askedAtMs, ...times }, keepable };
}

function labelsOf(request: ModelRequest, { caller, sessionId }: CallContext, keepable: boolean): CacheEntry['labels'] {
  return {
    tenant: tenantName(caller.tenant),
    caller: caller.id,
    tags: request.tags ?? {},
    ...(sessionId !== undefined && { session: sessionId }),
    sketch: keepable ? textSketch(sourceText(request)) : '',
  };
}

function timesOf({ ttlMs, revalidateMs, staleIfErrorMs }: CachePlan, storedAtMs: number) {
  const expiresAtMs = storedAtMs + ttlMs;
  return { storedAtMs, expiresAtMs, keptUntilMs: expiresAtMs + Math.max(revalidateMs, staleIfErrorMs) };
}
