import { z } from 'zod';
import { optimizeGoals, tasks } from '../../src/core/request.js';
import { type Candidate, complexityLevels, type RoutingDecision } from '../../src/core/routing.js';
import { toUsd } from './money.js';
import { targetResult, toTargetResult } from './target.js';

const candidateResult = targetResult.extend({
  rank: z.int(),
  score: z.number(),
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
  candidates: z.array(candidateResult).describe('In the order in which they are tried.'),
  chosen: targetResult.optional(),
  fallbacks: z.array(targetResult),
  reasons: z.array(z.string()),
  notices: z.array(z.string()),
  decision_us: z.number(),
});

function toCandidateResult(candidate: Candidate): z.input<typeof candidateResult> {
  return {
    ...toTargetResult(candidate.target),
    rank: candidate.rank,
    score: candidate.score,
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
    candidates: decision.candidates.map(toCandidateResult),
    ...(chosen && { chosen }),
    fallbacks,
    reasons: [...decision.reasons],
    notices: [...decision.notices],
    decision_us: Math.round(decision.decisionMicroseconds),
  };
}
