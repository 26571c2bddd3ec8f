import type { Clock } from '../core/clock.js';
import { abortedError, type ErrorCategory, ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Handler, Stage } from '../core/pipeline.js';
import type { ModelDirectory } from '../core/ports.js';
import type { ModelRequest, RoutedRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { Candidate, RoutingDecision } from '../core/routing.js';
import type { ModelRouter } from './model-router.js';
import { type ModelFacts, mayMoveOn, nextCandidate } from './next-candidate.js';

export interface RouteStageOptions {
  readonly router: ModelRouter;
  /** Tells what each candidate's model can hold. */
  readonly directory: Pick<ModelDirectory, 'find'>;
  readonly clock: Clock;
  /** Candidates that one call may try. */
  readonly maxAttempts: number;
}

interface Failure {
  readonly candidate: Candidate;
  readonly error: ServiceError;
}

/** Failures of the service rather than of the request: the caller learns more from any other one. */
const availability: ReadonlySet<ErrorCategory> = new Set([
  'rate_limit',
  'quota',
  'model_unavailable',
  'timeout',
  'network',
]);

/**
 * Sends a request to its candidates, one after another until one answers, as far as the errors, the deadline and the
 * caller allow. Throws the most telling of the failures when none does.
 */
export function createRouteStage(options: RouteStageOptions): Stage<ModelRequest, RoutedRequest> {
  const { router, directory } = options;
  return (next) => async (request, context) => {
    const decision = router.route(request);
    context.record({ type: 'route-decided', decision });
    const failures: Failure[] = [];
    let left = decision.candidates;
    let candidate = left[0];
    while (candidate !== undefined) {
      if (context.signal.aborted) throw abortedError(context.signal);
      const outcome = await ask(next, addressed(request, candidate, decision, directory), context);
      if ('response' in outcome)
        return withNotices(outcome.response, request, candidate, decision, failures, directory);
      failures.push({ candidate, error: outcome.error });
      left = without(left, candidate);
      candidate = moveOn(options, left, failures, context);
    }
    throw mostTelling(failures);
  };
}

const without = (candidates: readonly Candidate[], gone: Candidate) => candidates.filter((other) => other !== gone);

/** The candidate to try after the last failure, which is recorded; undefined when the call ends here. */
function moveOn(
  { directory, clock, maxAttempts }: RouteStageOptions,
  left: readonly Candidate[],
  failures: readonly Failure[],
  context: CallContext,
): Candidate | undefined {
  const last = failures.at(-1);
  if (last === undefined || !mayMoveOn(last.error) || failures.length >= maxAttempts) return undefined;
  if (clock.monotonicMs() >= context.deadlineMs) return undefined;
  const factsOf = ({ target }: Candidate): ModelFacts =>
    directory.find(target.model) ?? { provider: target.model.split('.', 1)[0] ?? '' };
  const following = nextCandidate(left, last.candidate, last.error, factsOf);
  if (following === undefined) return undefined;
  const { category } = last.error;
  context.record({ type: 'fallback-chosen', from: last.candidate.target, to: following.target, category });
  return following;
}

type Outcome = { readonly response: ModelResponse } | { readonly error: ServiceError };

async function ask(next: Handler<RoutedRequest>, request: RoutedRequest, context: CallContext): Promise<Outcome> {
  try {
    return { response: await next(request, context) };
  } catch (thrown) {
    return { error: toServiceError(thrown) };
  }
}

function addressed(
  request: ModelRequest,
  { target }: Candidate,
  decision: RoutingDecision,
  directory: RouteStageOptions['directory'],
): RoutedRequest {
  const most = directory.find(target.model)?.maxOutput ?? Number.POSITIVE_INFINITY;
  const { task } = decision;
  return { ...request, task, target, max_tokens: Math.min(request.max_tokens ?? decision.maxTokens, most) };
}

function withNotices(
  response: ModelResponse,
  request: ModelRequest,
  { target }: Candidate,
  decision: RoutingDecision,
  failures: readonly Failure[],
  directory: RouteStageOptions['directory'],
): ModelResponse {
  const most = directory.find(target.model)?.maxOutput;
  const lowered = request.max_tokens !== undefined && most !== undefined && request.max_tokens > most;
  const moved = failures.map(
    ({ candidate, error }) =>
      `${candidate.target.model} in ${candidate.target.region} failed (${error.category}); ` +
      `${target.model} in ${target.region} answered.`,
  );
  const limit = lowered ? [`max_tokens was lowered to ${most}, the most that ${target.model} can write.`] : [];
  return { ...response, notices: [...decision.notices, ...moved, ...limit, ...response.notices] };
}

/**
 * What ended the call, if something did: a cancel, or a failure after text was handed on. Else the first failure that is
 * not one of availability, else the first; to be tried again as soon as any target is.
 */
function mostTelling(failures: readonly Failure[]): ServiceError {
  const errors = failures.map((failure) => failure.error);
  const final = errors.find(({ category, textHandedOn }) => category === 'cancelled' || textHandedOn);
  if (final !== undefined) return final;
  const error = errors.find(({ category }) => !availability.has(category)) ?? errors[0];
  if (error === undefined) throw new ServiceError('internal', 'The routing decision holds no candidate.');
  const waits = errors.flatMap(({ retryAfterMs }) => retryAfterMs ?? []);
  const retryAfterMs = Math.min(...waits);
  if (waits.length === 0 || retryAfterMs === error.retryAfterMs) return error;
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
