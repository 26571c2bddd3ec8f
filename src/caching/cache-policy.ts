import { isMedia } from '../core/content-blocks.js';
import type { ErrorCategory } from '../core/errors.js';
import type { CallContext } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import type { AnswerSource, ModelResponse, StopReason } from '../core/response.js';

/** Kinds of calls that the cache only takes when the operator says so. */
export const optionalKinds = ['temperature', 'tools', 'attachments', 'streams'] as const;
export type OptionalKind = (typeof optionalKinds)[number];

/** What the operator says about the cache. */
export interface CacheRules {
  /** 0: the cache keeps nothing and joins nothing, whatever a call asks for. */
  readonly ttlSeconds: number;
  /** For `cache: static`. */
  readonly staticTtlSeconds: number;
  readonly include: readonly OptionalKind[];
  /** Callers whose calls have nothing to do with the cache. */
  readonly excludedCallers: readonly string[];
  /** For so long after its time an answer is served while a new one is made. */
  readonly staleWhileRevalidateSeconds: number;
  /** For so long after its time an answer is served when no new one can be made. */
  readonly staleIfErrorSeconds: number;
  /** Keep answers of the sandbox as if they were Bedrock's. */
  readonly keepSandboxAnswers: boolean;
}

/** What the cache does for one request. */
export interface CachePlan {
  /** Serve a kept answer, and share one that is being made. */
  readonly lookUp: boolean;
  readonly ttlMs: number;
  /** May an answer past its time be served, milliseconds after it. */
  readonly revalidateMs: number;
  readonly staleIfErrorMs: number;
}

/** A tag of this name, with any value but `false`, marks a request whose content must not be kept anywhere. */
const sensitiveTag = 'sensitive';
const steadyTemperature = 0.3;

const hasAttachment = ({ messages }: ModelRequest): boolean =>
  messages.some(({ content }) => typeof content !== 'string' && content.some(isMedia));

const isSensitive = ({ tags }: ModelRequest): boolean => (tags?.[sensitiveTag] ?? 'false') !== 'false';

/** Asked for by the caller in so many words. */
const isWished = ({ cache, cache_ttl_seconds }: ModelRequest): boolean =>
  cache === 'static' || cache_ttl_seconds !== undefined;

type Context = Pick<CallContext, 'caller' | 'onText'>;

const kindChecks: Readonly<Record<OptionalKind, (request: ModelRequest, context: Context) => boolean>> = {
  // Who asks for variety wants another answer each time, unless the call itself says otherwise.
  temperature: (request) =>
    request.temperature !== undefined && request.temperature > steadyTemperature && !isWished(request),
  // Tools are run by the caller and have effects; a kept tool call would have them again.
  tools: ({ tools }) => tools !== undefined,
  attachments: hasAttachment,
  streams: (_, { onText }) => onText !== undefined,
};

/** The plan for a request; undefined when the cache keeps out of it. */
export function cachePlan(request: ModelRequest, context: Context, rules: CacheRules): CachePlan | undefined {
  if (rules.ttlSeconds === 0 || request.cache === 'bypass' || isSensitive(request)) return undefined;
  if (rules.excludedCallers.includes(context.caller.id)) return undefined;
  const excluded = optionalKinds.filter((kind) => !rules.include.includes(kind));
  if (excluded.some((kind) => kindChecks[kind](request, context))) return undefined;
  const usual = request.cache === 'static' ? rules.staticTtlSeconds : rules.ttlSeconds;
  return {
    lookUp: request.cache !== 'refresh',
    ttlMs: (request.cache_ttl_seconds ?? usual) * 1_000,
    revalidateMs: rules.staleWhileRevalidateSeconds * 1_000,
    staleIfErrorMs: rules.staleIfErrorSeconds * 1_000,
  };
}

const completeStops: readonly StopReason[] = ['end_turn', 'stop_sequence'];
const toolStops: readonly StopReason[] = [...completeStops, 'tool_use'];
const trueSources: readonly AnswerSource[] = ['bedrock'];
const standInSources: readonly AnswerSource[] = ['bedrock', 'sandbox'];

/** Only complete answers are worth keeping, and those of a stand-in only when the operator says so. */
export function isKeepable(response: ModelResponse, { keepSandboxAnswers, include }: CacheRules): boolean {
  const sources = keepSandboxAnswers ? standInSources : trueSources;
  const stops = include.includes('tools') ? toolStops : completeStops;
  return response.content.length > 0 && stops.includes(response.stopReason) && sources.includes(response.source);
}

/** Failures of the service, for which an answer past its time is better than none. */
const serviceFailures: readonly ErrorCategory[] = [
  'rate_limit',
  'model_unavailable',
  'model_error',
  'timeout',
  'network',
  'quota',
];

export const mayServeStale = (category: ErrorCategory): boolean => serviceFailures.includes(category);
