import type { ModelRequest } from '../core/request.js';
import type { AnswerSource, ModelResponse, StopReason } from '../core/response.js';

/** What the cache does for one request. */
export interface CachePlan {
  /** Serve a kept answer, and share one that is being made. */
  readonly lookUp: boolean;
  readonly ttlMs: number;
}

export interface CacheTimes {
  readonly ttlSeconds: number;
  /** For `cache: static`. */
  readonly staticTtlSeconds: number;
}

const steadyTemperature = 0.3;

const hasAttachment = ({ messages }: ModelRequest): boolean =>
  messages.some(
    ({ content }) => typeof content !== 'string' && content.some(({ type }) => type === 'image' || type === 'document'),
  );

/** Which requests have nothing to do with the cache, and whether asking for it explicitly makes a difference. */
const outside: readonly { readonly when: (request: ModelRequest) => boolean; readonly liftedByWish: boolean }[] = [
  { when: ({ cache }) => cache === 'bypass', liftedByWish: false },
  // Tools are run by the caller and have effects; a kept tool call would have them again.
  { when: ({ tools }) => tools !== undefined, liftedByWish: false },
  { when: hasAttachment, liftedByWish: false },
  // Who asks for variety wants another answer each time.
  { when: ({ temperature }) => temperature !== undefined && temperature > steadyTemperature, liftedByWish: true },
];

/** The plan for a request; undefined when the cache keeps out of it. */
export function cachePlan(request: ModelRequest, times: CacheTimes): CachePlan | undefined {
  const wished = request.cache === 'static' || request.cache_ttl_seconds !== undefined;
  if (outside.some(({ when, liftedByWish }) => when(request) && !(wished && liftedByWish))) return undefined;
  const usual = request.cache === 'static' ? times.staticTtlSeconds : times.ttlSeconds;
  return { lookUp: request.cache !== 'refresh', ttlMs: (request.cache_ttl_seconds ?? usual) * 1_000 };
}

const completeStops: readonly StopReason[] = ['end_turn', 'stop_sequence'];
const trueSources: readonly AnswerSource[] = ['bedrock'];
const standInSources: readonly AnswerSource[] = ['bedrock', 'sandbox'];

/** Only complete answers are worth keeping, and those of a stand-in only when the operator says so. */
export function isKeepable(response: ModelResponse, keepSandboxAnswers: boolean): boolean {
  const sources = keepSandboxAnswers ? standInSources : trueSources;
  return (
    response.content.length > 0 && completeStops.includes(response.stopReason) && sources.includes(response.source)
  );
}
