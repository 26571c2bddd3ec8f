import type { Clock } from '../core/clock.js';
import { type ErrorPolicy, errorPolicies, ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Handler } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { ModelResponse, Usage } from '../core/response.js';
import { type Target, targetKey } from '../core/target.js';
import type { Pass, PassOutcome, TargetAdmission } from './admission.js';
import type { Admission, AttemptOutcome } from './circuit.js';
import type { CircuitBreakers } from './circuit-breakers.js';
import type { RetryBudget } from './retry-budget.js';

export interface AttemptParts {
  readonly breakers: CircuitBreakers;
  readonly admission: TargetAdmission;
  readonly retryBudget: RetryBudget;
  readonly clock: Clock;
}

/** What an attempt needs to be sent: leave of the breaker, and one of the attempts of its call. */
interface Ticket {
  readonly breaker: Extract<Admission, { admitted: true }>;
  readonly number: number;
}

/**
 * One try at the target of a request: past its breaker, its bulkhead and its pace, recorded as an attempt. What is
 * refused before it is sent is no attempt and uses none up.
 */
export function createAttempt(parts: AttemptParts, next: Handler<RoutedRequest>): Handler<RoutedRequest> {
  return async (request, context) => {
    const pass = await enter(parts, request, context);
    let outcome: PassOutcome | undefined = 'unsent';
    let usage: Usage | undefined;
    try {
      await context.coverAttempt?.();
      const ticket = takeTicket(parts, request.target, context);
      outcome = undefined;
      const response = await send(parts, next, request, context, ticket);
      outcome = 'accepted';
      usage = response.usage;
      return response;
    } catch (thrown) {
      if (isThrottled(thrown)) outcome = 'throttled';
      if (thrown instanceof ServiceError) usage = thrown.usage;
      throw thrown;
    } finally {
      pass.leave(outcome, usage);
    }
  };
}

function enter({ breakers, admission }: AttemptParts, request: RoutedRequest, context: CallContext): Promise<Pass> {
  const { state, retryAfterMs = 0 } = breakers.stateOf(request.target);
  // Nobody should queue for a target that is known to be down.
  if (state === 'open' && context.lastResort !== true) throw resting(request.target, retryAfterMs);
  return admission.enter(request, context);
}

function takeTicket({ breakers }: AttemptParts, target: Target, { attempts, lastResort }: CallContext): Ticket {
  const breaker = breakers.admit(target, lastResort);
  if (!breaker.admitted) throw resting(target, breaker.retryAfterMs);
  const number = attempts.take();
  if (number !== undefined) return { breaker, number };
  breaker.report({ ok: false, weight: 0, why: 'attempts used up' });
  throw new ServiceError('model_unavailable', 'The call has used up its attempts.', {
    reason: 'attempts_used_up',
    target,
  });
}

function resting(target: Target, retryAfterMs: number): ServiceError {
  return new ServiceError('model_unavailable', `${targetKey(target)} is failing and rests for a while.`, {
    reason: 'breaker_open',
    target,
    retryAfterMs,
    remedy: 'Wait for retry_after_ms and call again, or leave `model` out to have another one chosen.',
  });
}

async function send(
  { retryBudget, clock }: AttemptParts,
  next: Handler<RoutedRequest>,
  request: RoutedRequest,
  context: CallContext,
  { breaker, number }: Ticket,
): Promise<ModelResponse> {
  const { target } = request;
  const startedMs = clock.monotonicMs();
  const ended = () => ({ type: 'attempt-ended', target, number, latencyMs: clock.monotonicMs() - startedMs }) as const;
  context.record({ type: 'attempt-started', target, number });
  try {
    const response = await next(request, context);
    breaker.report({ ok: true });
    retryBudget.deposit(target);
    const { usage, timeToFirstTokenMs } = response;
    const timing = timeToFirstTokenMs === undefined ? {} : { timeToFirstTokenMs };
    context.record({ ...ended(), outcome: 'succeeded', usage, ...timing });
    return response;
  } catch (thrown) {
    const error = toServiceError(thrown);
    const end = ended();
    breaker.report(breakerOutcome(error, end.latencyMs));
    const { category, reason, message, usage } = error;
    const failure = { category, message, ...(reason && { reason }) };
    context.record({ ...end, outcome: 'failed', failure, ...(usage && { usage }) });
    throw error;
  }
}

/** From so long on, a target that did not answer before the caller's deadline is at fault a little. */
const patientMs = 1_000;
const impatienceWeight = 0.2;

function breakerOutcome({ category, reason }: ServiceError, latencyMs: number): AttemptOutcome {
  const policy: ErrorPolicy = errorPolicies[category];
  const why = reason ?? category;
  // A caller in a hurry must not switch a target off for everybody.
  if (reason === 'deadline') return { ok: false, weight: latencyMs < patientMs ? 0 : impatienceWeight, why };
  return { ok: false, weight: policy.breakerWeight, why };
}

function isThrottled(thrown: unknown): boolean {
  return thrown instanceof ServiceError && thrown.category === 'rate_limit' && thrown.reason !== 'overloaded';
}
