import { ServiceError } from '../core/errors.js';
import type { EventOrigin, EventSubscriber } from '../core/events.js';
import type { ModelResponse, StopReason } from '../core/response.js';
import type { RoutingDecision } from '../core/routing.js';
import type { Arm, QualityPosteriors } from './quality-posteriors.js';
import type { SessionAffinity } from './session-affinity.js';

export interface OutcomeLearnerOptions {
  readonly posteriors: QualityPosteriors;
  readonly affinity: SessionAffinity;
  /** Something was learned that is worth keeping. */
  readonly onLearned: () => void;
}

export interface RatedCall {
  readonly model: string;
  readonly task: string;
}

export interface OutcomeLearner extends EventSubscriber {
  /**
   * Takes a caller's rating, 0 to 1, of one of its latest answers.
   * @throws ServiceError validation when the caller has no such answer to rate.
   */
  rate(requestId: string, caller: string, rating: number): RatedCall;
  /** Requests remembered, of both kinds: under way, and answered. */
  size(): number;
}

interface Answered {
  readonly arm: Arm;
  readonly prior: number;
  readonly caller: string;
  readonly atMs: number;
  /** Where a rating came from: a caller's own word, or what was guessed from a retry. */
  rated: 'no' | 'guessed' | 'said';
}

const mostRequests = 10_000;
/** A caller that asks the same again so soon was not served by the answer. */
const retryWithinMs = 60_000;

/** What an answer's end tells of its quality, on the scale of ratings; weighs less than a caller's own word. */
const toldByEnd: Partial<Record<StopReason, { readonly rating: number; readonly weight: number }>> = {
  max_tokens: { rating: 0.6, weight: 0.2 },
  model_context_window_exceeded: { rating: 0.4, weight: 0.3 },
  content_filtered: { rating: 0.3, weight: 0.5 },
  malformed_model_output: { rating: 0, weight: 0.5 },
  malformed_tool_use: { rating: 0, weight: 0.5 },
};
const toldByRetry = { rating: 0.3, weight: 0.3 };
const toldByInvalidAnswer = { rating: 0, weight: 0.5 };

/** Learns from what becomes of calls: which models answer well, and where conversations live. */
export function createOutcomeLearner({ posteriors, affinity, onLearned }: OutcomeLearnerOptions): OutcomeLearner {
  const underWay = new Map<string, RoutingDecision>();
  const answered = new Map<string, Answered>();
  const lastByFingerprint = new Map<number, string>();

  const observe = ({ arm, prior }: Answered, { rating, weight }: { rating: number; weight: number }): void => {
    posteriors.observe(arm, prior, rating, weight);
    onLearned();
  };

  const begin = (decision: RoutingDecision, { requestId, atMs, caller }: EventOrigin): void => {
    put(underWay, requestId, decision);
    const before = answered.get(lastByFingerprint.get(decision.fingerprint) ?? '');
    if (before === undefined || before.rated !== 'no' || before.caller !== caller || atMs - before.atMs > retryWithinMs)
      return;
    before.rated = 'guessed';
    observe(before, toldByRetry);
  };

  const finish = (response: ModelResponse, origin: EventOrigin): void => {
    const { requestId } = origin;
    const decision = underWay.get(requestId);
    underWay.delete(requestId);
    if (decision === undefined || response.source === 'cache' || response.source === 'local') return;
    const { served, usage, stopReason } = response;
    const cachedTokens = usage.cacheReadTokens + usage.cacheWriteTokens;
    affinity.keep(decision.conversation, { target: served, cachedTokens, keptLong: usage.cacheWrite1hTokens > 0 });
    const call = answerOf(decision, served.model, origin);
    if (call === undefined) return;
    put(answered, requestId, call);
    put(lastByFingerprint, decision.fingerprint, requestId);
    const told = toldByEnd[stopReason];
    if (told === undefined) posteriors.fade(call.arm);
    else observe(call, told);
  };

  return {
    size: () => underWay.size + answered.size + lastByFingerprint.size,
    onCallEvent: (event, origin) => {
      if (event.type === 'route-decided') begin(event.decision, origin);
      if (event.type === 'attempt-ended' && event.failure?.reason === 'invalid_answer') {
        const call = answerOf(underWay.get(origin.requestId), event.target.model, origin);
        if (call !== undefined) observe(call, toldByInvalidAnswer);
      }
      if (event.type === 'call-succeeded') finish(event.response, origin);
      if (event.type === 'call-failed') underWay.delete(origin.requestId);
    },
    rate: (requestId, caller, rating) => {
      const call = answered.get(requestId);
      if (call === undefined || call.caller !== caller) throw nothingToRate();
      // Said again, it is not more true; a word of the caller goes before what was guessed from a retry.
      if (call.rated !== 'said') observe(call, { rating, weight: 1 });
      call.rated = 'said';
      return { model: call.arm.model, task: call.arm.task };
    },
  };
}

function answerOf(
  decision: RoutingDecision | undefined,
  model: string,
  { caller, atMs }: EventOrigin,
): Answered | undefined {
  const candidate = decision?.candidates.find(({ target }) => target.model === model);
  if (decision === undefined || candidate === undefined) return undefined;
  const { task, complexity } = decision;
  return { arm: { model, task, level: complexity.level }, prior: candidate.parts.prior, caller, atMs, rated: 'no' };
}

/** Adds at the end and forgets the first when there are too many. */
function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
  const oldest = map.size > mostRequests ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
}

function nothingToRate(): ServiceError {
  return new ServiceError('validation', 'No recent answer of a model has this request_id.', {
    remedy: 'Give the request_id of one of your latest bedrock_invoke results that was not answered from the cache.',
  });
}
