import { type ErrorCategory, ServiceError } from '../core/errors.js';
import type { ModelRequest, RoutedRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { Candidate, RoutingDecision } from '../core/routing.js';
import { targetKey } from '../core/target.js';
import { type Failure, wasHeldBack } from './next-candidate.js';

/** Failures of the service rather than of the request: the caller learns more from any other one. */
const availability: ReadonlySet<ErrorCategory> = new Set([
  'rate_limit',
  'quota',
  'model_unavailable',
  'timeout',
  'network',
]);

export interface Answered {
  readonly request: ModelRequest;
  readonly candidate: Candidate;
  readonly routed: RoutedRequest;
  readonly decision: RoutingDecision;
  readonly failures: readonly Failure[];
}

/** The answer with what the caller should know of the way to it. */
export function withNotices(response: ModelResponse, answered: Answered): ModelResponse {
  const { request, routed, decision, failures } = answered;
  const { target, max_tokens } = routed;
  const moved = failures
    .filter(({ candidate }) => targetKey(candidate.target) !== targetKey(target))
    .map((failure) => `${fateOf(failure)}; ${target.model} in ${target.region} answered.`);
  const lowered = request.max_tokens !== undefined && request.max_tokens > max_tokens;
  const limit = lowered ? [`max_tokens was lowered to ${max_tokens}, the most that ${target.model} can write.`] : [];
  const { profile } = answered.candidate.target;
  const otherWay = target.profile === profile ? [] : [`${target.model} was reached through profile ${target.profile}.`];
  const given = (['temperature', 'top_p', 'top_k'] as const).filter((name) => request[name] !== undefined);
  const dropped = given.filter((name) => routed[name] === undefined);
  const sampling = dropped.length === 0 ? [] : [`${target.model} does not take ${dropped.join(', ')}: left out.`];
  const notices = [...decision.notices, ...moved, ...otherWay, ...limit, ...sampling, ...response.notices];
  return { ...response, notices };
}

function fateOf(failure: Failure): string {
  const { model, region } = failure.candidate.target;
  if (!wasHeldBack(failure)) return `${model} in ${region} failed (${failure.error.category})`;
  return `${model} in ${region} ${failure.error.reason === 'overloaded' ? 'is busy' : 'rests after failures'}`;
}

/**
 * What ended the call, if something did: a cancel, or a failure after text was handed on. Else the first failure that is
 * not one of availability, else the first of a target that was asked, else the first; to be tried again as soon as any
 * target is.
 */
export function mostTelling(failures: readonly Failure[]): ServiceError {
  const errors = failures.map((failure) => failure.error);
  const final = errors.find(({ category, textHandedOn }) => category === 'cancelled' || textHandedOn);
  if (final !== undefined) return final;
  const asked = failures.find((failure) => !wasHeldBack(failure))?.error;
  const error = errors.find(({ category }) => !availability.has(category)) ?? asked ?? errors[0];
  if (error === undefined) throw new ServiceError('internal', 'The routing decision holds no candidate.');
  const waits = errors.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const retryAfterMs = Math.min(...waits);
  return waits.length === 0 || retryAfterMs === error.retryAfterMs ? error : withWait(error, retryAfterMs);
}

function withWait(error: ServiceError, retryAfterMs: number): ServiceError {
  const { category, message, reason, remedy, target, usage, textHandedOn, cause } = error;
  return new ServiceError(category, message, {
    ...(reason === undefined ? {} : { reason }),
    ...(target === undefined ? {} : { target }),
    ...(usage === undefined ? {} : { usage }),
    remedy,
    retryAfterMs,
    textHandedOn,
    cause,
  });
}
