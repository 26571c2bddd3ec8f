import type { PerformanceRecord, PriceBook, TargetHealth } from '../core/ports.js';
import { type OptimizeGoal, optimizeGoals, type Task } from '../core/request.js';
import { type NanoUsd, noUsage } from '../core/response.js';
import type { Candidate, Classification, RoutingDecision, ScoreParts } from '../core/routing.js';
import type { ModelId, Target } from '../core/target.js';
import { answerLimit, type Demands } from './candidate-filters.js';
import type { OfferedModel } from './offered-models.js';
import type { LoadRecord } from './performance-tracker.js';
import type { QualityPosteriors } from './quality-posteriors.js';
import { priorQuality } from './quality-priors.js';
import type { Warmth } from './session-affinity.js';
import type { RankingRequest, RoutableCandidate, RoutingStrategy } from './strategies/routing-strategy.js';
import { strategyFor } from './strategies/strategy-for.js';
import { sameTarget, spreadTargets } from './target-spread.js';
import { preferencesFor, utilityOf } from './utility.js';

export interface RankingOptions {
  /** Models that passed every filter, the preferred first. */
  readonly fit: readonly OfferedModel[];
  readonly demands: Demands;
  readonly classification: Classification;
  readonly ranking: RankingRequest;
  readonly strategy: RoutingStrategy;
  readonly warmth: Warmth | undefined;
  readonly prices: PriceBook;
  readonly health: TargetHealth;
  readonly performance: PerformanceRecord;
  readonly load: LoadRecord;
  readonly posteriors: QualityPosteriors;
  readonly regionWeights: Readonly<Record<string, number>>;
  readonly seed: number;
}

interface Considered extends RoutableCandidate {
  readonly origin: string;
  readonly fallback: number | undefined;
  readonly priceAssumed: boolean;
  readonly measuredLatencyMs: number | undefined;
  /** Why its breaker is open; undefined when it is not. */
  readonly rests: string | undefined;
}

export interface Ranked {
  readonly candidates: readonly Candidate[];
  readonly alternatives: RoutingDecision['alternatives'];
}

/** What answers of each kind tend to take, in tokens, where the limit leaves room for them (an opinion). */
const typicalAnswerTokens: Readonly<Record<Task, number>> = { code: 800, reasoning: 1_000, general: 400 };
const regionsPerModel = 3;
const mostCandidates = 10;
/** The most quality that staying with a conversation's model may cost. */
const affinityWorth = 0.02;
/** Keeps the targets of one model in the order of their load, whatever their scores. */
const spreadStep = 1e-6;
const nanoPerThousandth = 1e6;

/** Scored candidates, best first, last those whose breaker is open; and what other goals would have put first. */
export function rankCandidates(options: RankingOptions): Ranked {
  const considered = options.fit.flatMap((entry) => consider(entry, options));
  const scores = options.strategy.rank(options.ranking, considered);
  const order = inOrder(considered, scores);
  const kept = keepProviders(fallbacksNext(order.map((index) => considered[index] as Considered)));
  const scoreOf = new Map(considered.map((candidate, index) => [candidate, scores[index] ?? 0]));
  return {
    candidates: kept.map((candidate, index) => publish(candidate, index, scoreOf.get(candidate) ?? 0, options)),
    alternatives: alternativesOf(considered, options),
  };
}

/** Indices of the candidates, healthy ones first, by score; equal targets of a model stay in their order. */
function inOrder(considered: readonly Considered[], scores: readonly number[]): readonly number[] {
  const capped: number[] = [];
  considered.forEach((candidate, index) => {
    const before = considered[index - 1];
    const own = scores[index] ?? 0;
    const isSibling = before?.model === candidate.model && before.rests === undefined;
    capped.push(isSibling ? Math.min(own, (capped[index - 1] ?? own) - spreadStep) : own);
  });
  const rests = (index: number) => (considered[index]?.rests === undefined ? 0 : 1);
  const byScore = (left: number, right: number) => (capped[right] ?? 0) - (capped[left] ?? 0);
  return considered
    .map((_, index) => index)
    .toSorted((left, right) => rests(left) - rests(right) || byScore(left, right));
}

/** After the chosen model come the operator's fallbacks in the operator's order, then the others. */
function fallbacksNext(ordered: readonly Considered[]): readonly Considered[] {
  if (ordered.every(({ fallback }) => fallback === undefined)) return ordered;
  const chosen = ordered[0]?.model;
  const place = ({ model, fallback, rests }: Considered) => {
    if (rests !== undefined) return Number.POSITIVE_INFINITY;
    return model === chosen ? -1 : (fallback ?? Number.MAX_SAFE_INTEGER);
  };
  return ordered.toSorted((left, right) => (place(left) === place(right) ? 0 : place(left) - place(right)));
}

/** The targets of one model, the one to try first in front. */
function consider(entry: OfferedModel, options: RankingOptions): readonly Considered[] {
  const { health, warmth } = options;
  const resting = new Map<Target, string>();
  for (const target of entry.targets.slice(0, regionsPerModel)) {
    const { state, why } = health.stateOf(target);
    if (state === 'open') resting.set(target, why === undefined ? '' : `: ${why}`);
  }
  const able = entry.targets.slice(0, regionsPerModel).filter((target) => !resting.has(target));
  const warm = warmth && able.find((target) => sameTarget(target, warmth.target));
  const spread = spreadTargets(able, options);
  const ordered = warm ? [warm, ...spread.filter((target) => target !== warm)] : spread;
  return [...ordered, ...resting.keys()].map((target) =>
    considerTarget(entry, target, target === warm ? warmth : undefined, resting.get(target), options),
  );
}

function considerTarget(
  entry: OfferedModel,
  target: Target,
  warmth: Warmth | undefined,
  rests: string | undefined,
  options: RankingOptions,
): Considered {
  const { prices, performance, posteriors, load, classification } = options;
  const { model, preference } = entry;
  const { task, complexity } = classification;
  const cost = expectedCost(entry, target, warmth, options);
  const price = prices.priceOf(target);
  const measured = performance.of(target);
  const arm = { model: model.id, task, level: complexity.level };
  const prior = priorQuality(model, task, complexity.level, preference);
  return {
    model,
    target,
    preference,
    origin: entry.origin,
    fallback: entry.fallback,
    cost,
    priceAssumed: price.assumed,
    rests,
    measuredLatencyMs: measured?.latencyMs,
    prospect: {
      prior,
      quality: posteriors.draw(arm, prior, load.version()),
      usdPerThousand: cost / nanoPerThousandth,
      latencyMs: measured?.latencyMs ?? unmeasuredLatencyMs(price.outputUsdPerMillion),
      errorRate: measured?.errorRate ?? 0,
      affinity: warmth === undefined ? 0 : affinityWorth,
    },
  };
}

function expectedCost(
  { model }: OfferedModel,
  target: Target,
  warmth: Warmth | undefined,
  { prices, demands, classification }: RankingOptions,
): NanoUsd {
  const cacheReadTokens = Math.min(warmth?.cachedTokens ?? 0, demands.inputTokens);
  const outputTokens = Math.min(answerLimit(model, demands), typicalAnswerTokens[classification.task]);
  const inputTokens = demands.inputTokens - cacheReadTokens;
  const totalTokens = demands.inputTokens + outputTokens;
  return prices.costOf(target, { ...noUsage, inputTokens, cacheReadTokens, outputTokens, totalTokens }).nanoUsd;
}

/** Before a call was measured, the price of output tells the size of a model and with it its speed (an opinion). */
const unmeasuredLatencyMs = (outputPrice: number): number => 1_200 + 1_500 * Math.log10(1 + outputPrice);

/** Cuts the list to its bound, but leaves the best candidate of each provider and the preferred models in it. */
function keepProviders(ordered: readonly Considered[]): readonly Considered[] {
  if (ordered.length <= mostCandidates) return ordered;
  const seen = new Set<string>();
  const [firsts, listed, others]: [Considered[], Considered[], Considered[]] = [[], [], []];
  const chosen = ordered[0]?.model;
  for (const candidate of ordered) {
    const isListed = candidate.preference !== undefined || candidate.fallback !== undefined;
    const group = isListed ? listed : others;
    (candidate.model === chosen || !seen.has(candidate.model.provider) ? firsts : group).push(candidate);
    seen.add(candidate.model.provider);
  }
  const kept = new Set([...firsts, ...listed, ...others].slice(0, mostCandidates));
  return ordered.filter((candidate) => kept.has(candidate));
}

function alternativesOf(considered: readonly Considered[], { ranking }: RankingOptions) {
  const alternatives: Partial<Record<OptimizeGoal, ModelId>> = {};
  for (const goal of optimizeGoals) {
    const scores = strategyFor[goal].rank({ ...ranking, preferences: preferencesFor(goal) }, considered);
    const first = considered[inOrder(considered, scores)[0] ?? 0];
    if (first !== undefined) alternatives[goal] = first.target.model;
  }
  return alternatives;
}

function publish(candidate: Considered, index: number, score: number, { ranking }: RankingOptions): Candidate {
  const { target, rests, priceAssumed, cost, measuredLatencyMs, prospect } = candidate;
  const { score: _, ...parts } = utilityOf(prospect, ranking.preferences);
  return {
    target,
    rank: index + 1,
    score,
    parts,
    ...(priceAssumed ? {} : { estimatedCost: cost }),
    ...(measuredLatencyMs === undefined ? {} : { expectedLatencyMs: measuredLatencyMs }),
    healthy: rests === undefined,
    reasons: reasonsOf(candidate, parts),
  };
}

function reasonsOf({ origin, priceAssumed, rests, prospect }: Considered, parts: ScoreParts): readonly string[] {
  const { quality, prior, cost, latency, failure, affinity } = parts;
  const learned = quality === prior ? '' : ` (${prior.toFixed(2)} before ratings)`;
  const reasons = [
    origin,
    `quality ${quality.toFixed(2)}${learned}, cost −${cost.toFixed(2)}, latency −${latency.toFixed(2)}`,
  ];
  if (failure >= 0.005) reasons.push(`${Math.round(prospect.errorRate * 100)} % errors −${failure.toFixed(2)}`);
  if (affinity > 0) reasons.push(`knows the conversation +${affinity.toFixed(2)}`);
  if (priceAssumed) reasons.push('price assumed');
  if (rests !== undefined) reasons.push(`rests after failures${rests}`);
  return reasons;
}
