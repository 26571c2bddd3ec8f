import pRetry from 'p-retry';
import type { Clock, Random } from '../core/clock.js';
import { abortedError, type ErrorPolicy, errorPolicies, ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Handler, Stage } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import { targetKey } from '../core/target.js';
import { type BackoffOptions, backoffDelayMs } from './backoff.js';
import type { AttemptOutcome } from './circuit.js';
import type { CircuitBreakers } from './circuit-breakers.js';
import type { RetryBudget } from './retry-budget.js';

export interface ResilienceOptions {
  readonly breakers: CircuitBreakers;
  readonly retryBudget: RetryBudget;
  readonly clock: Clock;
  readonly random: Random;
  /** Further attempts at one target after the first. */
  readonly retries?: number;
  readonly backoff?: BackoffOptions;
  /** A wait longer than this is not worth it while other candidates may answer at once. */
  readonly maxWaitMs?: number;
}

const defaultBackoff: BackoffOptions = { baseMs: 300, capMs: 5_000 };

/** Retries one target within the deadline, behind its breaker; every try is an attempt of its own. */
export function createResilienceStage(options: ResilienceOptions): Stage<RoutedRequest> {
  return (next) => async (request, context) => {
    let number = context.attempts.take();
    const tryOnce = () => {
      if (number === undefined) throw attemptsUsedUp(request);
      return attempt(options, next, request, context, number);
    };
    return await pRetry(tryOnce, {
      retries: options.retries ?? 2,
      minTimeout: 0,
      maxTimeout: 0,
      factor: 1,
      randomize: false,
      // Full jitter and the service's own hint are slept here, because p-retry's delay knows neither.
      onFailedAttempt: async ({ error: thrown, attemptNumber, retriesLeft }) => {
        const error = toServiceError(thrown);
        const delayMs = retriesLeft > 0 ? retryDelayMs(options, error, attemptNumber, context) : undefined;
        if (delayMs === undefined || !options.retryBudget.take(request.target)) throw error;
        number = context.attempts.take();
        if (number === undefined) throw error;
        await waitForRetry(options, request, context, error, delayMs);
      },
    });
  };
}

/** How long to wait before asking again; undefined when it is not worth it. */
function retryDelayMs(
  { clock, random, backoff = defaultBackoff, maxWaitMs = 5_000 }: ResilienceOptions,
  error: ServiceError,
  retry: number,
  { signal, deadlineMs }: CallContext,
): number | undefined {
  if (!errorPolicies[error.category].retry || error.textHandedOn || signal.aborted) return undefined;
  const delayMs = backoffDelayMs(retry, error.retryAfterMs, backoff, random);
  return delayMs > maxWaitMs || clock.monotonicMs() + delayMs >= deadlineMs ? undefined : delayMs;
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

function attemptsUsedUp({ target }: RoutedRequest): ServiceError {
  return new ServiceError('model_unavailable', 'The call has used up its attempts.', { target });
}

async function attempt(
  { breakers, retryBudget, clock }: ResilienceOptions,
  next: Handler<RoutedRequest>,
  request: RoutedRequest,
  context: CallContext,
  number: number,
): Promise<ModelResponse> {
  const { target } = request;
  const admission = breakers.admit(target);
  if (!admission.admitted) {
    throw new ServiceError('model_unavailable', `${targetKey(target)} is failing and rests for a while.`, {
      reason: 'breaker_open',
      target,
      retryAfterMs: admission.retryAfterMs,
    });
  }
  const startedMs = clock.monotonicMs();
  const ended = () => ({ type: 'attempt-ended', target, number, latencyMs: clock.monotonicMs() - startedMs }) as const;
  context.record({ type: 'attempt-started', target, number });
  try {
    const response = await next(request, context);
    admission.report({ ok: true });
    retryBudget.deposit(target);
    const { usage, timeToFirstTokenMs } = response;
    const timing = timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs };
    context.record({ ...ended(), outcome: 'succeeded', usage, ...timing });
    return response;
  } catch (thrown) {
    const error = toServiceError(thrown);
    admission.report(breakerOutcome(error));
    const { category, reason, message, usage } = error;
    const failure = { category, message, ...(reason && { reason }) };
    context.record({ ...ended(), outcome: 'failed', failure, ...(usage && { usage }) });
    throw error;
  }
}

function breakerOutcome({ category, reason }: ServiceError): AttemptOutcome {
  const policy: ErrorPolicy = errorPolicies[category];
  return { ok: false, weight: policy.breakerWeight, why: reason ?? category };
}
