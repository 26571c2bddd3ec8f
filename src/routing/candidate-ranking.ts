import type { PerformanceRecord, PriceBook, ResolvedModel, TargetHealth } from '../core/ports.js';
import type { Task } from '../core/request.js';
import { noUsage } from '../core/response.js';
import type { Candidate, Classification } from '../core/routing.js';
import { answerLimit, type Demands } from './candidate-filters.js';
import type { PoolEntry } from './model-pool.js';
import type { RoutableCandidate, RoutingStrategy, ScoredCandidate } from './strategies/routing-strategy.js';

export interface RankingOptions {
  /** Models that passed every filter, the preferred first. */
  readonly fit: readonly PoolEntry[];
  readonly demands: Demands;
  readonly classification: Classification;
  readonly pinned: ResolvedModel | undefined;
  readonly strategy: RoutingStrategy;
  readonly prices: PriceBook;
  readonly health: TargetHealth;
  readonly performance: PerformanceRecord;
}

interface Considered extends RoutableCandidate {
  readonly origin: string;
  readonly priceAssumed: boolean;
}

/** What answers of each kind tend to take, in tokens, where the limit leaves room for them (an opinion). */
const typicalAnswerTokens: Readonly<Record<Task, number>> = { code: 800, reasoning: 1_000, general: 400 };
const regionsPerModel = 3;
const mostCandidates = 16;

/** Scored candidates, first the one asked for, last those whose breaker is open. */
export function rankCandidates(options: RankingOptions): readonly Candidate[] {
  const { strategy, classification, performance, pinned } = options;
  const considered = options.fit.flatMap((entry, preference) => consider(entry, preference, options));
  const byTarget = new Map<RoutableCandidate['target'], Considered>(considered.map((one) => [one.target, one]));
  const judged = strategy.rank(classification, considered, performance).flatMap((scored) => {
    const own = byTarget.get(scored.candidate.target);
    return own ? [judge(scored, own, options)] : [];
  });
  const place = ({ candidate, healthy }: Judged) =>
    (healthy ? 0 : 2) + (pinned === undefined || candidate.model.id === pinned.model.id ? 0 : 1);
  const ordered = judged.toSorted((left, right) => place(left) - place(right) || right.score - left.score);
  return keepProviders(ordered).map(publicCandidate);
}

function consider(entry: PoolEntry, preference: number, { prices, demands, classification }: RankingOptions) {
  const limit = answerLimit(entry.model, demands);
  const outputTokens = Math.min(limit, typicalAnswerTokens[classification.task]);
  const usage = {
    ...noUsage,
    inputTokens: demands.inputTokens,
    outputTokens,
    totalTokens: demands.inputTokens + outputTokens,
  };
  return entry.targets.slice(0, regionsPerModel).map((target): Considered => {
    const price = prices.priceOf(target);
    return {
      model: entry.model,
      target,
      preference,
      origin: entry.origin,
      cost: prices.costOf(target, usage).nanoUsd,
      outputPrice: price.outputUsdPerMillion,
      priceAssumed: price.assumed,
    };
  });
}

interface Judged {
  readonly candidate: Considered;
  readonly score: number;
  readonly healthy: boolean;
  readonly expectedLatencyMs: number | undefined;
  readonly reasons: readonly string[];
}

function judge({ score, reasons }: ScoredCandidate, candidate: Considered, options: RankingOptions): Judged {
  const breaker = options.health.stateOf(candidate.target);
  const healthy = breaker.state !== 'open';
  const sick = healthy ? [] : [`rests after failures${breaker.why === undefined ? '' : `: ${breaker.why}`}`];
  const assumed = candidate.priceAssumed ? ['price assumed'] : [];
  const expectedLatencyMs = options.performance.of(candidate.target)?.latencyMs;
  return {
    candidate,
    score,
    healthy,
    expectedLatencyMs,
    reasons: [candidate.origin, ...reasons, ...assumed, ...sick],
  };
}

/** Cuts the list to its bound, but leaves the best candidate of each provider in it. */
function keepProviders(ordered: readonly Judged[]): readonly Judged[] {
  const seen = new Set<string>();
  const [firsts, others]: [Judged[], Judged[]] = [[], []];
  for (const judged of ordered) {
    const { provider } = judged.candidate.model;
    (seen.has(provider) ? others : firsts).push(judged);
    seen.add(provider);
  }
  const kept = new Set([...firsts, ...others].slice(0, mostCandidates));
  return ordered.filter((judged) => kept.has(judged));
}

function publicCandidate({ candidate, score, healthy, expectedLatencyMs, reasons }: Judged, index: number): Candidate {
  return {
    target: candidate.target,
    rank: index + 1,
    score,
    ...(candidate.priceAssumed ? {} : { estimatedCost: candidate.cost }),
    ...(expectedLatencyMs === undefined ? {} : { expectedLatencyMs }),
    healthy,
    reasons,
  };
}
