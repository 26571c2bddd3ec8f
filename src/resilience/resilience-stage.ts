import pRetry from 'p-retry';
import type { Clock, Random } from '../core/clock.js';
import { abortedError, errorPolicies, type ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Stage } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { TargetAdmission } from './admission.js';
import { type AttemptParts, createAttempt } from './attempt.js';
import { type BackoffOptions, backoffDelayMs } from './backoff.js';
import type { CircuitBreakers } from './circuit-breakers.js';
import type { Hedge } from './hedging.js';
import type { RetryBudget } from './retry-budget.js';

export interface ResilienceOptions extends AttemptParts {
  readonly breakers: CircuitBreakers;
  readonly admission: TargetAdmission;
  readonly retryBudget: RetryBudget;
  /** Asks slow targets twice; undefined: never. */
  readonly hedge?: Hedge;
  readonly clock: Clock;
  readonly random: Random;
  /** Further attempts at one target after the first, while others are left to ask. */
  readonly retries?: number;
  /** The same, when no other is left. */
  readonly lastRetries?: number;
  readonly backoff?: BackoffOptions;
  /** A wait longer than this is not worth it while other candidates may answer at once. */
  readonly maxWaitMs?: number;
}

const defaultBackoff: BackoffOptions = { baseMs: 300, capMs: 5_000 };
/** What took longer to fail is not asked again: it would take as long once more. */
const slowFailureMs = 10_000;
/** A wait that leaves less than this before the deadline only trades a telling error for a time-out. */
const leastAnswerTimeMs = 100;

/** Retries one target within the deadline, behind its breaker and its bulkhead; every try is an attempt of its own. */
export function createResilienceStage(options: ResilienceOptions): Stage<RoutedRequest> {
  const { clock, retries = 2, lastRetries = 5, retryBudget } = options;
  return (next) => async (request, context) => {
    const single = createAttempt(options, next);
    const attempt = options.hedge?.(single) ?? single;
    const lastResort = context.lastResort === true;
    let startedMs = clock.monotonicMs();
    let failed: ServiceError | undefined;
    return await pRetry(() => attempt(request, context), {
      retries: lastResort ? lastRetries : retries,
      minTimeout: 0,
      maxTimeout: 0,
      factor: 1,
      randomize: false,
      // Full jitter and the service's own hint are slept here, because p-retry's delay knows neither.
      onFailedAttempt: async ({ error: thrown, attemptNumber, retriesLeft }) => {
        const error = toServiceError(thrown);
        if (nothingLeftFor(error)) throw failed ?? error;
        failed = error;
        const wasQuick = clock.monotonicMs() - startedMs < slowFailureMs;
        const delayMs = retriesLeft > 0 && wasQuick ? retryDelayMs(options, error, attemptNumber, context) : undefined;
        if (delayMs === undefined || !retryBudget.take(request.target, lastResort)) throw error;
        await waitForRetry(options, request, context, error, delayMs);
        startedMs = clock.monotonicMs();
      },
    });
  };
}

/** That no attempt or no money is left for another try tells less than why the last one failed. */
const nothingLeftFor = ({ category, reason }: ServiceError): boolean =>
  reason === 'attempts_used_up' || category === 'budget_exceeded';

/** How long to wait before asking again; undefined when it is not worth it. */
function retryDelayMs(
  { clock, random, backoff = defaultBackoff, maxWaitMs = 5_000 }: ResilienceOptions,
  error: ServiceError,
  retry: number,
  { signal, deadlineMs, sameModelLeft }: CallContext,
): number | undefined {
  if (!errorPolicies[error.category].retry || error.textHandedOn || signal.aborted) return undefined;
  // Our own refusal: nothing was sent, and its wait was already weighed.
  if (error.reason === 'overloaded') return undefined;
  // Each region has a quota of its own: the next one may answer at once.
  if (error.category === 'rate_limit' && sameModelLeft === true) return undefined;
  const delayMs = backoffDelayMs(retry, error.retryAfterMs, backoff, random);
  const endMs = clock.monotonicMs() + delayMs + leastAnswerTimeMs;
  return delayMs > maxWaitMs || endMs >= deadlineMs ? undefined : delayMs;
}

async function waitForRetry(
  { clock }: ResilienceOptions,
  { target }: RoutedRequest,
  { record, signal }: CallContext,
  { category }: ServiceError,
  delayMs: number,
): Promise<void> {
  record({ type: 'retry-scheduled', target, delayMs, category });
  await clock.sleep(delayMs, signal).catch(() => {
    throw abortedError(signal);
  });
}
