import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { ModelDirectory, PerformanceRecord, PriceBook, ResolvedModel, TargetHealth } from '../core/ports.js';
import type { ModelRequest, OptimizeGoal, Task } from '../core/request.js';
import type { Classification, Exclusion, RoutingDecision } from '../core/routing.js';
import { estimateInputTokens } from '../core/token-estimate.js';
import { answerLimit, type Demands, demandsOf, unfitReason } from './candidate-filters.js';
import { rankCandidates } from './candidate-ranking.js';
import type { Classifier } from './classifier.js';
import { allRounder } from './default-task-routes.js';
import { createModelPool, type ModelPool, type PoolEntry, poolEntry } from './model-pool.js';
import { strategyFor } from './strategies/strategy-for.js';

export interface ModelRouter {
  /**
   * Decides without calling a model: candidates in the order in which they are to be tried.
   * @throws ServiceError validation for an unknown model, model_unavailable when nothing can answer the request.
   */
  route(request: ModelRequest): RoutingDecision;
}

export interface ModelRouterOptions {
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
  readonly health: TargetHealth;
  readonly performance: PerformanceRecord;
  readonly classifier: Classifier;
  /** Models for each task, the preferred first: ids or aliases. */
  readonly taskRoutes: Readonly<Record<Task, readonly string[]>>;
  /** Taken when it is not clear what a request is about. */
  readonly defaultModel?: string;
  /** Tried after the models of the task. */
  readonly fallbackModels: readonly string[];
  /** For requests that do not say. */
  readonly optimize: OptimizeGoal;
  readonly clock: Clock;
}

/** Below it, the classifier is wrong too often to let it pick a specialist. */
const confidenceGate = 0.5;
const cheapModels = 6;
/** Stand-in for strength: from a request of this complexity on, a cheaper model is not offered to save money. */
const leastOutputPrice = { simple: 0, medium: 0.4, complex: 1.5 };
const reasonsTold = 4;

/** Chooses where a request goes: hard filters first, then the strategy of the goal, sick targets last. */
export function createModelRouter(options: ModelRouterOptions): ModelRouter {
  const { directory, classifier, clock } = options;
  const pool = createModelPool({ ...options, allRounder: options.defaultModel ?? allRounder });
  return {
    route: (request) => {
      const startedMs = clock.monotonicMs();
      const classification = classifier.classify(request);
      const optimize = request.optimize ?? options.optimize;
      const pinned = pinnedModel(request, directory);
      const inputTokens = estimateInputTokens(request);
      const demands = demandsOf(request, inputTokens);
      const offered = offeredModels({ pool, request, classification, optimize, demands, directory, pinned });
      const { fit, excluded } = applyFilters(offered, demands, pool.broken);
      const ranked = rankCandidates({
        ...options,
        fit,
        demands,
        classification,
        pinned,
        strategy: strategyFor[optimize],
      });
      const candidates = request.fallback === false ? sameModel(ranked) : ranked;
      const [first] = candidates;
      if (first === undefined) throw noCandidate(excluded);
      const model = directory.find(first.target.model);
      return {
        ...classification,
        optimize,
        candidates,
        excluded,
        reasons: [...classification.signals, `${strategyFor[optimize].name} order for optimize ${optimize}`],
        notices: noticesOf(pinned, first.target.model, excluded),
        ...(pinned && request.model !== undefined ? { requestedModel: request.model } : {}),
        inputTokens,
        maxTokens: answerLimit(model ?? {}, demands),
        decisionMicroseconds: (clock.monotonicMs() - startedMs) * 1_000,
      };
    },
  };
}

function pinnedModel({ model }: ModelRequest, directory: ModelDirectory): ResolvedModel | undefined {
  return model === undefined || model === 'auto' ? undefined : directory.resolve(model);
}

interface Offer {
  readonly pool: ModelPool;
  readonly request: ModelRequest;
  readonly classification: Classification;
  readonly optimize: OptimizeGoal;
  readonly demands: Demands;
  readonly directory: ModelDirectory;
  readonly pinned: ResolvedModel | undefined;
}

/** Models to consider, the preferred first, each once; the tail leads to other providers should a whole one fail. */
function offeredModels(offer: Offer): readonly PoolEntry[] {
  const { pool, request, classification, optimize, demands, directory, pinned } = offer;
  const asked = pinned ? [poolEntry(directory, pinned, 'asked for')] : [];
  if (pinned && request.fallback === false) return asked;
  const unsure = request.task === undefined && classification.confidence < confidenceGate;
  const { routes } = pool;
  const entries = [
    ...asked,
    ...(unsure && !pinned ? pool.allRounder : []),
    ...routes[classification.task],
    ...pool.fallbacks,
    ...(pinned || optimize === 'quality' || optimize === 'balanced' ? [] : cheapEnough(pool, classification, demands)),
    ...pool.allRounder,
    ...Object.values(routes).flatMap((route) => route.slice(0, 1)),
  ];
  const seen = new Set<string>();
  return entries.filter(({ model }) => !seen.has(model.id) && seen.add(model.id));
}

function cheapEnough(pool: ModelPool, { complexity }: Classification, demands: Demands): readonly PoolEntry[] {
  const least = leastOutputPrice[complexity.level];
  return pool.byPrice
    .filter(({ model }) => (model.price.output ?? 0) >= least && unfitReason(model, demands) === undefined)
    .slice(0, cheapModels);
}

function applyFilters(offered: readonly PoolEntry[], demands: Demands, broken: readonly Exclusion[]) {
  const excluded: Exclusion[] = [...broken];
  const fit = offered.filter(({ model, targets, refusal }) => {
    const reason = unfitReason(model, demands) ?? (targets.length === 0 ? refusal : undefined);
    if (reason !== undefined) excluded.push({ model: model.id, reason });
    return reason === undefined;
  });
  return { fit, excluded };
}

function sameModel<Entry extends { target: { model: string } }>(entries: readonly Entry[]): readonly Entry[] {
  return entries.filter(({ target }) => target.model === entries[0]?.target.model);
}

function noticesOf(pinned: ResolvedModel | undefined, chosen: string, excluded: readonly Exclusion[]): string[] {
  if (pinned === undefined) return [];
  const notices = pinned.notice === undefined ? [] : [pinned.notice];
  const reason = excluded.find(({ model }) => model === pinned.model.id)?.reason;
  if (reason !== undefined) notices.push(`${pinned.model.id} was not asked (${reason}); ${chosen} stands in.`);
  return notices;
}

function noCandidate(excluded: readonly Exclusion[]): ServiceError {
  const byReason = new Map<string, readonly string[]>();
  for (const { model, reason } of excluded) byReason.set(reason, [...(byReason.get(reason) ?? []), model]);
  const told = [...byReason].slice(0, reasonsTold).map(([reason, models]) => {
    const others = models.length > 1 ? ` (and ${models.length - 1} more)` : '';
    return `${models[0]}${others}: ${reason.replace(/\.$/, '')}`;
  });
  const more = byReason.size > reasonsTold ? `; and ${byReason.size - reasonsTold} more reasons` : '';
  return new ServiceError('model_unavailable', `No model can answer this request. ${told.join('; ')}${more}.`, {
    reason: 'no_candidate',
  });
}
