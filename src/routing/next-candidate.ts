import { type ErrorCategory, errorPolicies, type ServiceError } from '../core/errors.js';
import type { Candidate } from '../core/routing.js';

/** What of a model matters for the choice of the next one. */
export interface ModelFacts {
  readonly provider: string;
  readonly contextWindow?: number | undefined;
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

/** The best candidate left that the failure does not touch; else the best one left; undefined when none can help. */
export function nextCandidate(
  left: readonly Candidate[],
  failed: Candidate,
  error: ServiceError,
  factsOf: (candidate: Candidate) => ModelFacts,
): Candidate | undefined {
  const able = left.filter((candidate) => canHelp(candidate, failed, error, factsOf));
  const healthy = able.filter((candidate) => candidate.healthy);
  const elsewhere = healthy.find((candidate) => liesElsewhere(candidate, failed, domainOf[error.category], factsOf));
  return elsewhere ?? healthy[0] ?? able[0];
}

function canHelp(
  candidate: Candidate,
  failed: Candidate,
  error: ServiceError,
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
  failed: Candidate,
  domain: FailureDomain | undefined,
  factsOf: (candidate: Candidate) => ModelFacts,
): boolean {
  const [to, from] = [candidate.target, failed.target];
  if (domain === 'target') return to.model === from.model && to.region !== from.region;
  if (domain === 'model') return to.model !== from.model;
  if (domain === 'region') return to.region !== from.region;
  return domain !== 'provider' || factsOf(candidate).provider !== factsOf(failed).provider;
}
