import type { ServiceError } from '../core/errors.js';
import type { ModelDirectory, ResolvedModel } from '../core/ports.js';
import type { ModelRequest, RoutedRequest } from '../core/request.js';
import { type ProfileId, profileId, type Target, targetKey } from '../core/target.js';

type Directory = Pick<ModelDirectory, 'find' | 'resolve' | 'targetsOf'>;

/** What targets have taught by refusing: the profile to use, the longest answer, and that they take no sampling. */
export interface RequestMending {
  /** The request as its target is known to want it. */
  prepare(request: RoutedRequest): RoutedRequest;
  /** The request as it may pass after this refusal; undefined when nothing can be mended. */
  mend(request: RoutedRequest, error: ServiceError, asked: ModelRequest): RoutedRequest | undefined;
  /** The same model in the same region through another profile that is allowed; undefined when there is none. */
  throughOtherProfile(target: Target, asked: ModelRequest): Target | undefined;
}

const mostLessons = 2_000;

export function createRequestMending(directory: Directory): RequestMending {
  const profiles = new Map<string, ProfileId>();
  const withoutSampling = new Map<string, true>();
  const answerLimits = new Map<string, number>();

  const throughOtherProfile = (target: Target, asked: ModelRequest): Target | undefined => {
    if (pinned(directory, asked)?.profile !== undefined) return undefined;
    const profile = allowedProfiles(directory, target).find((id) => id !== target.profile);
    return profile === undefined ? undefined : { ...target, profile };
  };

  const shortened = (request: RoutedRequest, named = Number.POSITIVE_INFINITY): RoutedRequest | undefined => {
    if (request.max_tokens <= 1) return undefined;
    if (named >= request.max_tokens) return { ...request, max_tokens: Math.floor(request.max_tokens / 2) };
    const allowed = Math.max(1, named);
    remember(answerLimits, targetKey(request.target), allowed);
    return { ...request, max_tokens: allowed };
  };

  return {
    throughOtherProfile,
    prepare: (request) => {
      const profile = profiles.get(targetKey(request.target)) ?? request.target.profile;
      const target = profile === undefined ? request.target : { ...request.target, profile };
      const limit = answerLimits.get(targetKey(target)) ?? Number.POSITIVE_INFINITY;
      const taken = withoutSampling.has(target.model) ? unsampled(request) : request;
      return { ...taken, target, max_tokens: Math.min(request.max_tokens, limit) };
    },
    mend: (request, error, asked) => {
      if (error.textHandedOn) return undefined;
      if (error.reason === 'max_tokens_too_large') return shortened(request, error.maxTokensAllowed);
      if (error.reason === 'sampling_refused') {
        if (!isSampled(request)) return undefined;
        remember(withoutSampling, request.target.model, true);
        return unsampled(request);
      }
      if (!isWrongProfile(error, request.target)) return undefined;
      const target = throughOtherProfile(request.target, asked);
      if (target?.profile === undefined) return undefined;
      remember(profiles, targetKey(request.target), target.profile);
      return { ...request, target };
    },
  };
}

/** An organisation that allows regions by name forbids the global profiles, whose region is not known beforehand. */
const isWrongProfile = ({ reason }: ServiceError, { profile }: Target): boolean =>
  (reason === 'needs_profile' && profile === undefined) ||
  (reason === 'policy_denied' && profile?.startsWith('global.') === true);

const isSampled = ({ temperature, top_p, top_k }: RoutedRequest): boolean =>
  (temperature ?? top_p ?? top_k) !== undefined;

function unsampled({ temperature: _, top_p: __, top_k: ___, ...rest }: RoutedRequest): RoutedRequest {
  return rest;
}

function remember<Value>(lessons: Map<string, Value>, key: string, value: Value): void {
  const [oldest] = lessons.keys();
  if (lessons.size >= mostLessons && oldest !== undefined) lessons.delete(oldest);
  lessons.set(key, value);
}

function pinned(directory: Directory, { model }: ModelRequest): ResolvedModel | undefined {
  return model === undefined || model === 'auto' ? undefined : directory.resolve(model);
}

/** Profiles through which the settings let this region be called; `global` last, because it leaves the geography. */
function allowedProfiles(directory: Directory, { model: id, region }: Target): readonly ProfileId[] {
  const model = directory.find(id);
  if (model === undefined) return [];
  return Object.entries(model.profiles)
    .toSorted(([left], [right]) => Number(left === 'global') - Number(right === 'global'))
    .map(([, profile]) => profileId(profile))
    .filter((profile) => directory.targetsOf({ model, profile, region }).targets.length > 0);
}
