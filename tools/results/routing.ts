import { z } from 'zod';
import { optimizeGoals, tasks } from '../../src/core/request.js';
import { type Candidate, complexityLevels, type RoutingDecision, type ScoreParts } from '../../src/core/routing.js';
import { toUsd } from './money.js';
import { targetResult, toTargetResult } from './target.js';

const candidateResult = targetResult.extend({
  rank: z.int(),
  score: z.number(),
  score_parts: z.record(z.string(), z.number()),
  estimated_cost_usd: z.number().optional(),
  expected_latency_ms: z.number().optional(),
  healthy: z.boolean(),
  reasons: z.array(z.string()),
});

export const routingResult = z.strictObject({
  task: z.enum(tasks),
  confidence: z.number(),
  complexity: z.strictObject({ score: z.number(), level: z.enum(complexityLevels) }),
  optimize: z.enum(optimizeGoals),
  strategy: z.string(),
  policy_version: z.string(),
  alternatives: z.record(z.string(), z.string()),
  candidates: z.array(candidateResult).describe('In the order in which they are tried.'),
  chosen: targetResult.optional(),
  fallbacks: z.array(targetResult),
  reasons: z.array(z.string()),
  notices: z.array(z.string()),
  decision_us: z.number(),
});

/** More digits would tell of a precision that an expectation does not have. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

function partsResult({ quality, prior, cost, latency, failure, affinity }: ScoreParts) {
  return {
    quality: rounded(quality),
    prior: rounded(prior),
    cost: rounded(cost),
    latency: rounded(latency),
    failure: rounded(failure),
    affinity: rounded(affinity),
  };
}

function toCandidateResult(candidate: Candidate): z.input<typeof candidateResult> {
  return {
    ...toTargetResult(candidate.target),
    rank: candidate.rank,
    score: rounded(candidate.score),
    score_parts: partsResult(candidate.parts),
    ...(candidate.estimatedCost !== undefined && { estimated_cost_usd: toUsd(candidate.estimatedCost) }),
    ...(candidate.expectedLatencyMs !== undefined && { expected_latency_ms: Math.round(candidate.expectedLatencyMs) }),
    healthy: candidate.healthy,
    reasons: [...candidate.reasons],
  };
}

export function toRoutingResult(decision: RoutingDecision): z.input<typeof routingResult> {
  const [chosen, ...fallbacks] = decision.candidates.map((candidate) => toTargetResult(candidate.target));
  return {
    task: decision.task,
    confidence: decision.confidence,
    complexity: { score: decision.complexity.score, level: decision.complexity.level },
    optimize: decision.optimize,
    strategy: decision.strategy,
    policy_version: decision.policyVersion,
    alternatives: { ...decision.alternatives },
    candidates: decision.candidates.map(toCandidateResult),
    ...(chosen && { chosen }),
    fallbacks,
    reasons: [...decision.reasons],
    notices: [...decision.notices],
    decision_us: Math.round(decision.decisionMicroseconds),
  };
}
