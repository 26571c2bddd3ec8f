import { type ErrorCategory, errorPolicies, type ServiceError } from '../core/errors.js';
import type { Candidate } from '../core/routing.js';

/** What of a model matters for the choice of the next one. */
export interface ModelFacts {
  readonly provider: string;
  readonly contextWindow?: number | undefined;
}

/** What happened to a candidate that was asked. */
export interface Failure {
  readonly candidate: Candidate;
  readonly error: ServiceError;
  /** It was asked as the last one left. */
  readonly lastResort: boolean;
}

/** The part of the world that a failure is likely to share with other targets. */
type FailureDomain = 'target' | 'model' | 'provider' | 'region';

/**
 * What probably failed, so that the next candidate lies elsewhere: throttling is a region's, access a whole provider's
 * (agreements and forms), a broken connection a region's, the rest the model's own.
 */
const domainOf: Partial<Record<ErrorCategory, FailureDomain>> = {
  rate_limit: 'target',
  quota: 'target',
  authorization: 'provider',
  network: 'region',
  model_unavailable: 'target',
  model_error: 'model',
  timeout: 'model',
};

/** True when another candidate may be asked after this error. */
export function mayMoveOn(error: ServiceError): boolean {
  if (error.textHandedOn) return false;
  return errorPolicies[error.category].failover || error.reason === 'input_too_long';
}

/** True when the target was not asked at all: it rests, or has no place free. It may be another time. */
export const wasHeldBack = ({ error }: Failure): boolean =>
  error.reason === 'breaker_open' || error.reason === 'overloaded';

/**
 * The best candidate left that none of the failures touches; else one that the last does not; else the best one left;
 * undefined when none can help.
 */
export function nextCandidate(
  left: readonly Candidate[],
  failures: readonly Failure[],
  factsOf: (candidate: Candidate) => ModelFacts,
): Candidate | undefined {
  const last = failures.at(-1);
  if (last === undefined) return left[0];
  const able = left.filter((candidate) => failures.every((failure) => canHelp(candidate, failure, factsOf)));
  const healthy = able.filter((candidate) => candidate.healthy);
  const outside = (candidate: Candidate, failure: Failure) => liesElsewhere(candidate, failure, factsOf);
  const beyondAll = healthy.filter((candidate) => failures.every((failure) => !isHit(candidate, failure, factsOf)));
  return (
    beyondAll.find((candidate) => outside(candidate, last)) ??
    healthy.find((candidate) => outside(candidate, last)) ??
    beyondAll[0] ??
    healthy[0] ??
    able[0]
  );
}

/** The candidate shares what failed before: a provider that refused, a region that is cut off, a broken model. */
function isHit(candidate: Candidate, failure: Failure, factsOf: (candidate: Candidate) => ModelFacts): boolean {
  const domain = domainOf[failure.error.category];
  return domain !== undefined && domain !== 'target' && !liesElsewhere(candidate, failure, factsOf);
}

function canHelp(
  candidate: Candidate,
  { candidate: failed, error }: Failure,
  factsOf: (candidate: Candidate) => ModelFacts,
): boolean {
  if (error.reason === 'input_too_long') {
    return (factsOf(candidate).contextWindow ?? 0) > (factsOf(failed).contextWindow ?? Number.POSITIVE_INFINITY);
  }
  if (error.category === 'budget_exceeded' && failed.estimatedCost !== undefined) {
    return candidate.estimatedCost !== undefined && candidate.estimatedCost < failed.estimatedCost;
  }
  return true;
}

function liesElsewhere(
  candidate: Candidate,
  { candidate: failed, error }: Failure,
  factsOf: (candidate: Candidate) => ModelFacts,
): boolean {
  const domain = domainOf[error.category];
  const [to, from] = [candidate.target, failed.target];
  if (domain === 'target') {
    return to.model === from.model && (to.region !== from.region || to.profile !== from.profile);
  }
  if (domain === 'model') return to.model !== from.model;
  if (domain === 'region') return to.region !== from.region;
  return domain !== 'provider' || factsOf(candidate).provider !== factsOf(failed).provider;
}
