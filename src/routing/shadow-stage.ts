import type { Clock, Random } from '../core/clock.js';
import { attemptBudget, type CallContext, type Handler, type Stage } from '../core/pipeline.js';
import type { Logger, ModelDirectory } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import type { Target } from '../core/target.js';
import { estimateInputTokens } from '../core/token-estimate.js';
import { demandsOf, unfitReason } from './candidate-filters.js';

export interface ShadowOptions {
  readonly directory: ModelDirectory;
  /** Id or alias of the model that gets the copies. */
  readonly model: string;
  /** Part of the calls that is copied, 0 to 1. */
  readonly share: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ShadowStage {
  readonly stage: Stage<RoutedRequest>;
  /** Ends the copies under way and waits for their booking. */
  close(): Promise<void>;
}

/** Copies at once at most: they must not take the place of calls that somebody waits for. */
const mostAtOnce = 4;
const longestMs = 120_000;

/**
 * Sends a copy of some calls to another model, which has to pass the same filters. The caller never waits for it, sees
 * nothing of it, and what it costs is booked under the tag `shadow`.
 */
export function createShadowStage(options: ShadowOptions): ShadowStage {
  const { directory, model, share, clock, random, logger } = options;
  const copied = new WeakSet<CallContext['attempts']>();
  const underWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  const resolved = directory.resolve(model);

  const copy = (request: RoutedRequest, context: CallContext, next: Handler<RoutedRequest>, to: Target): void => {
    const over = new AbortController();
    const late = new AbortController();
    clock.sleep(longestMs, over.signal).then(
      () => late.abort(),
      () => undefined,
    );
    const signal = AbortSignal.any([closing.signal, late.signal]);
    const call = next(shadowRequest(request, to), shadowContext(context, signal, random.id()))
      .catch((error: unknown) => logger.debug('A shadow call failed.', { error }))
      .finally(() => {
        over.abort();
        underWay.delete(call);
      });
    underWay.add(call);
  };
  const isWanted = (request: RoutedRequest, { attempts }: CallContext): boolean => {
    if (copied.has(attempts)) return false;
    copied.add(attempts);
    if (underWay.size >= mostAtOnce || random.next() >= share || request.target.model === resolved.model.id)
      return false;
    return unfitReason(resolved.model, demandsOf(request, estimateInputTokens(request))) === undefined;
  };

  return {
    stage: (next) => async (request, context) => {
      // Where it may be called changes while the server runs.
      const target = isWanted(request, context) ? directory.targetsOf(resolved).targets[0] : undefined;
      if (target !== undefined) copy(request, context, next, target);
      return await next(request, context);
    },
    close: async () => {
      closing.abort();
      await Promise.allSettled(underWay);
    },
  };
}

function shadowRequest({ max_cost_usd: _, ...request }: RoutedRequest, target: Target): RoutedRequest {
  return { ...request, target, tags: { ...request.tags, shadow: 'true' } };
}

function shadowContext(context: CallContext, signal: AbortSignal, id: string): CallContext {
  const { tool, caller, deadlineMs } = context;
  const attempts = attemptBudget(1);
  const record = () => undefined;
  return { requestId: id, tool, caller, signal, deadlineMs, attempts, priority: 'background', record };
}
