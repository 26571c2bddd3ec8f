import type { PerformanceRecord, PriceBook, TargetHealth, TargetPrice } from '../core/ports.js';
import { type OptimizeGoal, optimizeGoals, type Task } from '../core/request.js';
import { type NanoUsd, noUsage } from '../core/response.js';
import type { Candidate, Classification, RoutingDecision } from '../core/routing.js';
import type { ModelId, Target } from '../core/target.js';
import { answerLimit, type Demands } from './candidate-filters.js';
import type { OfferedModel } from './offered-models.js';
import type { LoadRecord } from './performance-tracker.js';
import type { QualityPosteriors } from './quality-posteriors.js';
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
  readonly entry: OfferedModel;
  /** Other targets of the same model, in the order in which they are to be tried. */
  readonly siblings: readonly Target[];
  readonly priceAssumed: boolean;
  readonly measuredLatencyMs: number | undefined;
  /** Why its breaker is open; undefined when it is not. */
  readonly rests: string | undefined;
  score: number;
}

export interface Ranked {
  readonly candidates: readonly Candidate[];
  readonly alternatives: RoutingDecision['alternatives'];
}

/** What answers of each kind tend to take, in tokens, where the limit leaves room for them (an opinion). */
const typicalAnswerTokens: Readonly<Record<Task, number>> = { code: 800, reasoning: 1_000, general: 400 };
const regionsPerModel = 3;
const mostModels = 8;
/** So many of the best models are offered in their other regions too. */
const modelsWithSiblings = 3;
/** The most quality that staying with a conversation's model may cost. */
const affinityWorth = 0.02;
/** Keeps the targets of one model in the order of their load. */
const spreadStep = 1e-6;
const nanoPerThousandth = 1e6;
/** From here on prices may step up with the size of the input. */
const longInputTokens = 100_000;

/** Scored candidates, best first, last those whose breaker is open; and what other goals would have put first. */
export function rankCandidates(options: RankingOptions): Ranked {
  const considered = options.fit.flatMap((entry) => consider(entry, options));
  const scores = options.strategy.rank(options.ranking, considered);
  considered.forEach((candidate, index) => {
    candidate.score = scores[index] ?? 0;
  });
  const ordered = considered.toSorted((left, right) => restOf(left) - restOf(right) || right.score - left.score);
  const models = keepProviders(fallbacksNext(ordered));
  const expanded = models.flatMap((model, index) =>
    index < modelsWithSiblings ? [model, ...siblingsOf(model, options)] : model,
  );
  const tried = [
    ...expanded.filter(({ rests }) => rests === undefined),
    ...expanded.filter(({ rests }) => rests !== undefined),
  ];
  return {
    candidates: tried.map((candidate, index) => publish(candidate, index, options)),
    alternatives: alternativesOf(considered, options),
  };
}

const restOf = ({ rests }: Considered): number => (rests === undefined ? 0 : 1);

/** After the chosen model come the operator's fallbacks in the operator's order, then the others. */
function fallbacksNext(ordered: readonly Considered[]): readonly Considered[] {
  if (ordered.every(({ entry }) => entry.fallback === undefined)) return ordered;
  const chosen = ordered[0]?.model;
  const place = ({ model, entry, rests }: Considered) => {
    if (rests !== undefined) return Number.MAX_VALUE;
    return model === chosen ? -1 : (entry.fallback ?? Number.MAX_SAFE_INTEGER);
  };
  return ordered.toSorted((left, right) => place(left) - place(right));
}

/** The model at the target to try first. */
function consider(entry: OfferedModel, options: RankingOptions): readonly Considered[] {
  const targets = entry.targets.slice(0, regionsPerModel);
  const able = targets.filter((target) => options.health.stateOf(target).state !== 'open');
  const { warmth } = options;
  const warm = warmth && able.find((target) => sameTarget(target, warmth.target));
  const spread = spreadTargets(able, options);
  const ordered = warm ? [warm, ...spread.filter((target) => target !== warm)] : spread;
  const resting = able.length === targets.length ? [] : targets.filter((target) => !able.includes(target));
  const [first, ...siblings] = [...ordered, ...resting];
  return first === undefined
    ? []
    : [considerTarget(entry, first, siblings, first === warm ? warmth : undefined, options)];
}

function siblingsOf({ entry, siblings, score }: Considered, options: RankingOptions): readonly Considered[] {
  return siblings.map((target, index) => ({
    ...considerTarget(entry, target, [], undefined, options),
    score: score - spreadStep * (index + 1),
  }));
}

function considerTarget(
  entry: OfferedModel,
  target: Target,
  siblings: readonly Target[],
  warmth: Warmth | undefined,
  options: RankingOptions,
): Considered {
  const { performance, posteriors, load, health } = options;
  const { task, complexity } = options.classification;
  const { model, preference, prior } = entry;
  const price = priceOf(target, options.prices);
  const cost = expectedCost(entry, target, price, warmth, options);
  const measured = performance.of(target);
  const { state, why } = health.stateOf(target);
  return {
    model,
    target,
    entry,
    siblings,
    preference,
    cost,
    priceAssumed: price.assumed,
    rests: state === 'open' ? (why ?? 'too many failures') : undefined,
    measuredLatencyMs: measured?.latencyMs,
    score: 0,
    prospect: {
      prior,
      quality: posteriors.draw({ model: model.id, task, level: complexity.level }, prior, load.version()),
      usdPerThousand: cost / nanoPerThousandth,
      latencyMs: measured?.latencyMs ?? unmeasuredLatencyMs(price.outputUsdPerMillion),
      errorRate: measured?.errorRate ?? 0,
      affinity: warmth === undefined ? 0 : affinityWorth,
    },
  };
}

/** The pool's targets live as long as the router, and so may their prices. */
const rememberedPrices = new WeakMap<PriceBook, WeakMap<Target, TargetPrice>>();

function priceOf(target: Target, prices: PriceBook): TargetPrice {
  const known = rememberedPrices.get(prices) ?? new WeakMap<Target, TargetPrice>();
  rememberedPrices.set(prices, known);
  const price = known.get(target) ?? prices.priceOf(target);
  known.set(target, price);
  return price;
}

function expectedCost(
  { model }: OfferedModel,
  target: Target,
  price: TargetPrice,
  warmth: Warmth | undefined,
  { prices, demands, classification }: RankingOptions,
): NanoUsd {
  const outputTokens = Math.min(answerLimit(model, demands), typicalAnswerTokens[classification.task]);
  const cacheReadTokens = Math.min(warmth?.cachedTokens ?? 0, demands.inputTokens);
  if (cacheReadTokens === 0 && demands.inputTokens < longInputTokens) {
    const { inputUsdPerMillion, outputUsdPerMillion } = price;
    return Math.ceil((demands.inputTokens * inputUsdPerMillion + outputTokens * outputUsdPerMillion) * 1_000);
  }
  const inputTokens = demands.inputTokens - cacheReadTokens;
  const totalTokens = demands.inputTokens + outputTokens;
  return prices.costOf(target, { ...noUsage, inputTokens, cacheReadTokens, outputTokens, totalTokens }).nanoUsd;
}

/** Before a call was measured, the price of output tells the size of a model and with it its speed (an opinion). */
const unmeasuredLatencyMs = (outputPrice: number): number => 1_200 + 1_500 * Math.log10(1 + outputPrice);

/** Cuts the list to its bound, but leaves the best candidate of each provider and the preferred models in it. */
function keepProviders(ordered: readonly Considered[]): readonly Considered[] {
  if (ordered.length <= mostModels) return ordered;
  const seen = new Set<string>();
  const [firsts, listed, others]: [Considered[], Considered[], Considered[]] = [[], [], []];
  for (const candidate of ordered) {
    const isListed = candidate.preference !== undefined || candidate.entry.fallback !== undefined;
    const group = isListed ? listed : others;
    (seen.has(candidate.model.provider) ? group : firsts).push(candidate);
    seen.add(candidate.model.provider);
  }
  const kept = new Set([...firsts.slice(0, mostModels / 2), ...listed, ...firsts, ...others].slice(0, mostModels));
  return ordered.filter((candidate) => kept.has(candidate));
}

function alternativesOf(considered: readonly Considered[], { ranking }: RankingOptions) {
  const alternatives: Partial<Record<OptimizeGoal, ModelId>> = {};
  for (const goal of optimizeGoals) {
    const scores = strategyFor[goal].rank({ ...ranking, preferences: preferencesFor(goal) }, considered);
    const first = considered[bestOf(considered, scores)];
    if (first !== undefined) alternatives[goal] = first.target.model;
  }
  return alternatives;
}

/** Cheaper than an order, of which only the first would be told. */
function bestOf(considered: readonly Considered[], scores: readonly number[]): number {
  let [best, most] = [-1, Number.NEGATIVE_INFINITY];
  considered.forEach((candidate, index) => {
    const score = (scores[index] ?? 0) - restOf(candidate) * 1e9;
    if (score > most) [best, most] = [index, score];
  });
  return best;
}

function publish(candidate: Considered, index: number, { ranking }: RankingOptions): Candidate {
  const { target, rests, priceAssumed, cost, measuredLatencyMs, prospect, score } = candidate;
  const { score: _, ...parts } = utilityOf(prospect, ranking.preferences);
  return {
    target,
    rank: index + 1,
    score,
    parts,
    ...(priceAssumed ? {} : { estimatedCost: cost }),
    ...(measuredLatencyMs === undefined ? {} : { expectedLatencyMs: measuredLatencyMs }),
    healthy: rests === undefined,
    reasons: reasonsOf(candidate),
  };
}

function reasonsOf({ entry, priceAssumed, rests, prospect }: Considered): readonly string[] {
  const { quality, prior, errorRate, affinity } = prospect;
  const reasons = [entry.origin];
  if (Math.abs(quality - prior) >= 0.005) reasons.push(`ratings moved its quality from ${prior.toFixed(2)}`);
  if (errorRate >= 0.01) reasons.push(`${Math.round(errorRate * 100)} % errors`);
  if (affinity > 0) reasons.push('knows the conversation');
  if (priceAssumed) reasons.push('price assumed');
  if (rests !== undefined) reasons.push(`rests after failures: ${rests}`);
  return reasons;
}
