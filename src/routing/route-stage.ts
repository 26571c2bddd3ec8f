import { type Clock, type Random, systemRandom } from '../core/clock.js';
import { abortedError, type ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Handler, Stage } from '../core/pipeline.js';
import type { ModelDirectory } from '../core/ports.js';
import type { ModelRequest, RoutedRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { Candidate, RoutingDecision } from '../core/routing.js';
import type { ModelRouter } from './model-router.js';
import { type Failure, type ModelFacts, mayMoveOn, nextCandidate, wasHeldBack } from './next-candidate.js';
import { createRequestMending, type RequestMending } from './request-mending.js';
import { mostTelling, withNotices } from './route-outcome.js';

export interface RouteStageOptions {
  readonly router: ModelRouter;
  /** Tells what each candidate's model can hold, and through which profiles it can be reached. */
  readonly directory: Pick<ModelDirectory, 'find' | 'resolve' | 'targetsOf'>;
  readonly clock: Clock;
  readonly random?: Random;
  /** Candidates that one call may try. */
  readonly maxAttempts: number;
  /** How often a call waits for a target when every one rests or is busy. Default 3; 0 where something else stands in. */
  readonly waits?: number;
}

/** One call on its way through its candidates. */
interface Journey {
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly decision: RoutingDecision;
  readonly failures: Failure[];
  left: readonly Candidate[];
  waitsLeft: number;
}

interface Step {
  readonly candidate: Candidate;
  readonly routed: RoutedRequest;
  /** Nothing else is left to ask. */
  readonly lastResort: boolean;
  /** The same model is left to ask at another target. */
  readonly sameModelLeft: boolean;
  readonly mended?: true;
}

/** The longest wait for a target that rests while all others do, milliseconds. */
const longestWaitMs = 5_000;
const jitterMs = 50;
/** A wait must leave so much for the answer. */
const leastAnswerTimeMs = 100;

/**
 * Sends a request to its candidates, one after another until one answers, as far as the errors, the deadline and the
 * caller allow. Throws the most telling of the failures when none does.
 */
export function createRouteStage(options: RouteStageOptions): Stage<ModelRequest, RoutedRequest> {
  const { router, directory } = options;
  const mending = createRequestMending(directory);
  return (next) => async (request, context) => {
    const decision = router.route(request, context);
    context.record({ type: 'route-decided', decision });
    const waitsLeft = options.waits ?? 3;
    const journey: Journey = { request, context, decision, failures: [], left: decision.candidates, waitsLeft };
    let step = stepTo(options, mending, journey, decision.candidates[0]);
    while (step !== undefined) {
      if (context.signal.aborted) throw abortedError(context.signal);
      const outcome = await ask(next, step, context);
      const { candidate, routed } = step;
      if ('response' in outcome) {
        return withNotices(outcome.response, { request, candidate, routed, decision, failures: journey.failures });
      }
      step = await following(options, mending, journey, step, outcome.error);
    }
    throw mostTelling(journey.failures);
  };
}

type Outcome = { readonly response: ModelResponse } | { readonly error: ServiceError };

async function ask(next: Handler<RoutedRequest>, step: Step, context: CallContext): Promise<Outcome> {
  try {
    const { lastResort, sameModelLeft } = step;
    return { response: await next(step.routed, { ...context, lastResort, sameModelLeft }) };
  } catch (thrown) {
    return { error: toServiceError(thrown) };
  }
}

/** What to do after a failure: mend the request, ask the next candidate, or wait for one that rests. */
async function following(
  options: RouteStageOptions,
  mending: RequestMending,
  journey: Journey,
  step: Step,
  error: ServiceError,
): Promise<Step | undefined> {
  const { context, request } = journey;
  if (options.clock.monotonicMs() < context.deadlineMs && step.mended === undefined) {
    const routed = mending.mend(step.routed, error, request);
    if (routed !== undefined) return { ...step, routed, mended: true };
  }
  const { lastResort } = step;
  journey.failures.push({ candidate: { ...step.candidate, target: step.routed.target }, error, lastResort });
  const candidate = moveOn(options, mending, journey, error);
  if (candidate === undefined) return await heldBack(options, mending, journey, error);
  const from = step.routed.target;
  context.record({ type: 'fallback-chosen', from, to: candidate.target, category: error.category });
  return stepTo(options, mending, journey, candidate);
}

function stepTo(
  { directory, maxAttempts }: RouteStageOptions,
  mending: RequestMending,
  journey: Journey,
  candidate: Candidate | undefined,
): Step | undefined {
  if (candidate === undefined) return undefined;
  const { failures } = journey;
  journey.left = journey.left.filter((other) => other !== candidate);
  const routed = routedTo(directory, mending, journey, candidate);
  const isLast = journey.left.length === 0 || triedOf(failures) >= maxAttempts - 1;
  // With targets that were held back there is still somewhere to go: the one that is ready soonest.
  const lastResort = isLast && !failures.some(wasHeldBack);
  return { candidate, routed, lastResort, sameModelLeft: !isLast && isLeft(journey.left, candidate) };
}

const isLeft = (left: readonly Candidate[], { target }: Candidate): boolean =>
  left.some((other) => other.healthy && other.target.model === target.model);

function routedTo(
  directory: RouteStageOptions['directory'],
  mending: RequestMending,
  { request, decision }: Journey,
  { target }: Candidate,
): RoutedRequest {
  const { task, maxTokens } = decision;
  const most = directory.find(target.model)?.maxOutput ?? Number.POSITIVE_INFINITY;
  const max_tokens = Math.min(request.max_tokens ?? maxTokens, most);
  const dearest = dearestOf(decision);
  return mending.prepare({ ...request, task, target, max_tokens, ...(dearest && { dearest }) });
}

/** Undefined where the caller named the model: then nothing was saved by choosing. */
function dearestOf({ candidates, requestedModel }: RoutingDecision): Candidate['target'] | undefined {
  if (requestedModel !== undefined) return undefined;
  const cost = ({ estimatedCost = 0 }: Candidate) => estimatedCost;
  return candidates.toSorted((left, right) => cost(right) - cost(left))[0]?.target;
}

const triedOf = (failures: readonly Failure[]): number => failures.filter((failure) => !wasHeldBack(failure)).length;

/** The candidate to try after the last failure; undefined when there is none, or the call may not go on. */
function moveOn(
  { directory, clock, maxAttempts }: RouteStageOptions,
  mending: RequestMending,
  { request, context, left, failures }: Journey,
  error: ServiceError,
): Candidate | undefined {
  if (!mayMoveOn(error) || triedOf(failures) >= maxAttempts) return undefined;
  if (clock.monotonicMs() >= context.deadlineMs) return undefined;
  const factsOf = ({ target }: Candidate): ModelFacts =>
    directory.find(target.model) ?? { provider: target.model.split('.', 1)[0] ?? '' };
  const candidate = nextCandidate(left, failures, factsOf);
  const failed = failures.at(-1)?.candidate;
  if (failed === undefined || (error.category !== 'rate_limit' && error.category !== 'quota')) return candidate;
  if (candidate?.target.model === failed.target.model) return candidate;
  // Each profile has a quota of its own, so the same model may still answer through another one.
  const target = mending.throughOtherProfile(failed.target, request);
  const isNew =
    target !== undefined && !failures.some(({ candidate: asked }) => asked.target.profile === target.profile);
  return isNew ? { ...failed, target } : candidate;
}

/** Asks a candidate again, when all that is left rests or is busy; waits for one, but neither long nor often. */
async function heldBack(
  { clock, random = systemRandom, directory }: RouteStageOptions,
  mending: RequestMending,
  journey: Journey,
  error: ServiceError,
): Promise<Step | undefined> {
  const { context, failures } = journey;
  if (journey.waitsLeft <= 0 || !mayMoveOn(error)) return undefined;
  const soonest = failures.filter(wasHeldBack).toSorted((left, right) => waitFor(left) - waitFor(right))[0];
  if (soonest === undefined) return undefined;
  const waitMs = waitFor(soonest) === 0 ? 0 : waitFor(soonest) + random.next() * jitterMs;
  const isTooLong = waitMs > longestWaitMs || clock.monotonicMs() + waitMs + leastAnswerTimeMs > context.deadlineMs;
  if (isTooLong) return undefined;
  if (waitMs > 0) {
    journey.waitsLeft -= 1;
    await clock.sleep(waitMs, context.signal).catch(() => {
      throw abortedError(context.signal);
    });
  }
  failures.splice(failures.indexOf(soonest), 1);
  return {
    candidate: soonest.candidate,
    routed: routedTo(directory, mending, journey, soonest.candidate),
    lastResort: true,
    sameModelLeft: false,
  };
}

/** As a last resort a target may be probed before its rest is over, so the first such question waits for nothing. */
function waitFor({ error, lastResort }: Failure): number {
  return lastResort ? (error.retryAfterMs ?? longestWaitMs) : 0;
}
