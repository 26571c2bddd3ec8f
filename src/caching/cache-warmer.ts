import type { Clock } from '../core/clock.js';
import { type ServiceError, toServiceError } from '../core/errors.js';
import type { CallOptions, Invocation, WarmPlan, WarmReport } from '../core/integration-service.js';
import type { ModelRequest } from '../core/request.js';

const mostAtOnce = 4;
const toldFailures = 5;
const nanoPerUsd = 1e9;

export interface CacheWarmerOptions {
  readonly invoke: (request: ModelRequest, options: CallOptions) => Promise<Invocation>;
  /** Whether the cache would keep the answer to it. */
  readonly isCacheable: (request: ModelRequest, options: CallOptions) => boolean;
  readonly clock: Clock;
}

type Tally = { -readonly [Name in keyof WarmReport]: WarmReport[Name] } & {
  failures: { readonly index: number; readonly message: string }[];
};

/**
 * Asks each request, so that its answer is in the cache: what is there already costs nothing, the rest is asked at a
 * bounded rate until the money or the caller's patience ends.
 */
export function createCacheWarmer({ invoke, isCacheable, clock }: CacheWarmerOptions) {
  return async (plan: WarmPlan, options: CallOptions): Promise<WarmReport> => {
    const tally: Tally = { ...nothing, total: plan.requests.length, failures: [] };
    const { signal } = options;
    let next = 0;
    let done = 0;
    let startAtMs = clock.monotonicMs();

    const left = (): number => (plan.maxCost === undefined ? Number.POSITIVE_INFINITY : plan.maxCost - tally.cost);
    const turn = async (): Promise<void> => {
      const waitMs = startAtMs - clock.monotonicMs();
      startAtMs = Math.max(startAtMs, clock.monotonicMs()) + 1_000 / plan.perSecond;
      if (waitMs > 0) await clock.sleep(waitMs, signal);
    };
    const ask = async (request: ModelRequest): Promise<void> => {
      await turn();
      const { record } = await invoke(capped(request, left()), options);
      tally.cost += record.cost.nanoUsd;
      tally[record.cacheHit ? 'present' : 'made'] += 1;
    };
    const handle = async (index: number, request: ModelRequest): Promise<void> => {
      if (signal.aborted) tally.stopped = 'cancelled';
      else if (left() <= 0) tally.stopped = 'budget';
      else if (!isCacheable(request, options)) tally.skipped += 1;
      else await ask(request).catch((thrown: unknown) => note(tally, index, toServiceError(thrown), signal));
    };
    const work = async (): Promise<void> => {
      for (let index = next++; index < plan.requests.length; index = next++) {
        const request = plan.requests[index];
        if (request && !tally.stopped) await handle(index, request);
        if (tally.stopped) return;
        done += 1;
        plan.onDone?.(index, done);
      }
    };
    // With a cap each call has to know what those before it have spent.
    const workers = plan.maxCost === undefined ? mostAtOnce : 1;
    await Promise.all(Array.from({ length: workers }, work));
    return tally;
  };
}

const nothing = { total: 0, made: 0, present: 0, skipped: 0, failed: 0, cost: 0 };

const capped = (request: ModelRequest, left: number): ModelRequest =>
  Number.isFinite(left)
    ? { ...request, max_cost_usd: Math.min(request.max_cost_usd ?? Number.POSITIVE_INFINITY, left / nanoPerUsd) }
    : request;

function note(tally: Tally, index: number, error: ServiceError, signal: AbortSignal): void {
  tally.cost += error.call?.cost.nanoUsd ?? 0;
  if (signal.aborted) {
    tally.stopped = 'cancelled';
    return;
  }
  // Another request could be cheaper; but what is left is not enough for all of them, and the operator should know.
  if (error.category === 'budget_exceeded') tally.stopped = 'budget';
  tally.failed += 1;
  if (tally.failures.length < toldFailures) tally.failures.push({ index, message: error.message });
}
