import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Caller } from '../core/pipeline.js';
import type {
  ModelDirectory,
  PerformanceRecord,
  PriceBook,
  ResolvedModel,
  SpendForecast,
  TargetHealth,
} from '../core/ports.js';
import type { ModelRequest, OptimizeGoal, StrategyName, Task } from '../core/request.js';
import type { Classification, Exclusion, RoutingDecision } from '../core/routing.js';
import { estimateInputTokens } from '../core/token-estimate.js';
import { createAllowedModels, withinPurse } from './caller-limits.js';
import { answerLimit, type Demands, demandsOf } from './candidate-filters.js';
import { type Ranked, rankCandidates } from './candidate-ranking.js';
import type { Classifier } from './classifier.js';
import { type ConversationKeys, conversationKeys } from './conversation-key.js';
import { allRounders, routingPolicyVersion } from './default-task-routes.js';
import { createModelPool, type ModelPool, type PoolEntry, poolEntry } from './model-pool.js';
import { createOffers, isUnsure } from './offered-models.js';
import type { LoadRecord } from './performance-tracker.js';
import type { QualityPosteriors } from './quality-posteriors.js';
import type { SessionAffinity, Warmth } from './session-affinity.js';
import { pinned as pinnedStrategy } from './strategies/pinned.js';
import type { RoutingStrategy } from './strategies/routing-strategy.js';
import { namedStrategies, strategyFor } from './strategies/strategy-for.js';
import { weighted } from './strategies/weighted.js';
import { preferencesFor } from './utility.js';

/** Who asks, and how, beside the request itself. */
export interface RoutingContext {
  readonly caller: Caller;
  readonly sessionId?: string;
  /** Text is wanted as it is written. */
  readonly streaming?: boolean;
}

export interface ModelRouter {
  /**
   * Decides without calling a model: candidates in the order in which they are to be tried. The same request gives the
   * same decision until something is learned.
   * @throws ServiceError validation for an unknown model, authorization for one that the caller may not use, model_unavailable when nothing can answer the request.
   */
  route(request: ModelRequest, context?: RoutingContext): RoutingDecision;
}

export interface ModelRouterOptions {
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
  readonly health: TargetHealth;
  readonly performance: PerformanceRecord;
  readonly load: LoadRecord;
  readonly posteriors: QualityPosteriors;
  readonly affinity: Pick<SessionAffinity, 'of'>;
  readonly classifier: Classifier;
  /** Models for each task, the preferred first: ids or aliases. */
  readonly taskRoutes: Readonly<Record<Task, readonly string[]>>;
  /** Taken when it is not clear what a request is about. */
  readonly defaultModel?: string;
  /** Tried after the models of the task. */
  readonly fallbackModels: readonly string[];
  /** For requests that do not say. */
  readonly optimize: OptimizeGoal;
  /** Orders the candidates of requests that do not say what to optimise. */
  readonly strategy: StrategyName;
  /** Goes before `strategy` for these callers or groups of callers. */
  readonly callerStrategies: Readonly<Record<string, StrategyName>>;
  /** Parts of the conversations by model, for the strategy `weighted`: ids or aliases. */
  readonly modelWeights: Readonly<Record<string, number>>;
  readonly regionWeights: Readonly<Record<string, number>>;
  /** Undefined: what calls may cost is not looked at here. */
  readonly spend?: SpendForecast;
  readonly clock: Clock;
  /** Of draws and keys; routers that follow one another over one state share it. */
  readonly seed: number;
}

const reasonsTold = 4;
const nobody: RoutingContext = { caller: { id: '', tenant: '' } };

/** Chooses where a request goes: hard filters first, then the strategy of the goal, sick targets last. */
export function createModelRouter(options: ModelRouterOptions): ModelRouter {
  const { directory, classifier, clock, defaultModel, seed } = options;
  const everyTier = defaultModel && { simple: defaultModel, medium: defaultModel, complex: defaultModel };
  const pool = createModelPool({ ...options, allRounders: everyTier || allRounders });
  const split = createSplit(options);
  const fixed: Fixed = { pool, offers: createOffers(), split, allowedModels: createAllowedModels(directory) };
  return {
    route: (request, context = nobody) => {
      const startedMs = clock.monotonicMs();
      const classification = classifier.classify(request);
      const resolved = resolvedModel(request, directory);
      const inputTokens = estimateInputTokens(request);
      const demands = demandsOf(request, inputTokens, context.streaming);
      const keys = conversationKeys(request, context.caller.id, seed);
      const question: Question = { request, context, classification, resolved, demands, keys };
      const { ranked, excluded, strategy, optimize } = choose(options, fixed, question);
      const candidates = request.fallback === false ? sameModel(ranked.candidates) : ranked.candidates;
      const [first] = candidates;
      if (first === undefined) throw noCandidate(excluded);
      return {
        ...classification,
        ...keys,
        optimize,
        strategy: strategy.name,
        policyVersion: routingPolicyVersion,
        alternatives: ranked.alternatives,
        candidates,
        excluded,
        reasons: reasonsOf(question, strategy, optimize),
        notices: noticesOf(resolved, first.target.model, excluded),
        ...(resolved && request.model !== undefined ? { requestedModel: request.model } : {}),
        inputTokens,
        maxTokens: answerLimit(directory.find(first.target.model) ?? {}, demands),
        decisionMicroseconds: (clock.monotonicMs() - startedMs) * 1_000,
      };
    },
  };
}

/** All that is known of a request before the choice. */
interface Question {
  readonly request: ModelRequest;
  readonly context: RoutingContext;
  readonly classification: Classification;
  readonly resolved: ResolvedModel | undefined;
  readonly demands: Demands;
  readonly keys: ConversationKeys;
}

interface Fixed {
  readonly pool: ModelPool;
  readonly offers: ReturnType<typeof createOffers>;
  readonly split: ModelSplit | undefined;
  readonly allowedModels: ReturnType<typeof createAllowedModels>;
}

function choose(options: ModelRouterOptions, { pool, offers, split, allowedModels }: Fixed, question: Question) {
  const { request, context, classification, resolved, demands, keys } = question;
  const optimize = request.optimize ?? options.optimize;
  const strategy = strategyOf(options, question, optimize, split);
  const asked = resolved && poolEntry(options.directory, resolved, 'asked for');
  const entries = strategy.name === 'weighted' ? (split?.entries ?? []) : [];
  const { caller, sessionId } = context;
  const allowed = allowedModels(caller.allowedModels, asked);
  const offered = offers({ pool, request, classification, demands, asked, allowed, split: entries });
  const { fit, excluded } = withinPurse(offered, { spend: options.spend, request, demands, caller, sessionId });
  const preferences = preferencesFor(optimize, request.quality_weight);
  const ranked: Ranked = rankCandidates({
    ...options,
    fit,
    demands,
    classification,
    strategy,
    ranking: { preferences, conversation: keys.conversation },
    warmth: warmthOf(options.affinity, question),
  });
  return { ranked, excluded, strategy, optimize };
}

/** A first message asked again is no conversation to keep together, unless its prompt is cached where it was answered. */
function warmthOf(affinity: ModelRouterOptions['affinity'], { request, keys }: Question): Warmth | undefined {
  const warmth = affinity.of(keys.conversation);
  return warmth !== undefined && (request.messages.length > 1 || warmth.cachedTokens > 0) ? warmth : undefined;
}

/** A model asked for goes before all; then what the request says, then what is configured for the caller, then for all. */
function strategyOf(
  options: ModelRouterOptions,
  { request, resolved, context }: Question,
  optimize: OptimizeGoal,
  split: ModelSplit | undefined,
): RoutingStrategy {
  const ofGoal = request.quality_weight === undefined ? strategyFor[optimize] : namedStrategies.balanced;
  const named = (name: StrategyName) => (name === 'weighted' ? splitStrategy(split) : namedStrategies[name]);
  if (resolved !== undefined) return pinnedStrategy(resolved.model.id, ofGoal);
  if (request.strategy !== undefined) return named(request.strategy);
  if (request.optimize !== undefined || request.quality_weight !== undefined) return ofGoal;
  const configured = strategyOfCaller(options, context.caller);
  return configured === 'balanced' ? ofGoal : named(configured);
}

/** By the caller's own name first, then by the first of its groups that has one. */
function strategyOfCaller({ callerStrategies, strategy }: ModelRouterOptions, { id, groups = [] }: Caller) {
  const name = [id, ...groups].find((one) => Object.hasOwn(callerStrategies, one));
  return (name === undefined ? undefined : callerStrategies[name]) ?? strategy;
}

function splitStrategy(split: ModelSplit | undefined): RoutingStrategy {
  if (split !== undefined) return split.strategy;
  throw new ServiceError('validation', 'The strategy weighted has no weights on this server.', {
    reason: 'no_weights',
    remedy: 'Set BEDROCK_MODEL_WEIGHTS on the server, or ask for another strategy.',
  });
}

interface ModelSplit {
  readonly strategy: RoutingStrategy;
  readonly entries: readonly PoolEntry[];
}

function createSplit({ modelWeights, directory, optimize }: ModelRouterOptions): ModelSplit | undefined {
  if (Object.keys(modelWeights).length === 0) return undefined;
  const weights = new Map<string, number>();
  const entries = Object.entries(modelWeights).map(([name, weight]) => {
    const resolved = directory.resolve(name);
    weights.set(resolved.model.id, weight);
    return poolEntry(directory, resolved, `weight ${weight}`);
  });
  return { strategy: weighted(weights, strategyFor[optimize]), entries };
}

function resolvedModel({ model }: ModelRequest, directory: ModelDirectory): ResolvedModel | undefined {
  return model === undefined || model === 'auto' ? undefined : directory.resolve(model);
}

function reasonsOf({ request, classification, resolved }: Question, strategy: RoutingStrategy, optimize: OptimizeGoal) {
  const weight = request.quality_weight;
  const goal = weight === undefined ? `optimize ${optimize}` : `quality weight ${weight}`;
  const unsure = resolved === undefined && isUnsure(request, classification);
  const gate = unsure
    ? [`not sure enough of the task for a specialist: all-rounder for ${classification.complexity.level} requests`]
    : [];
  return [...classification.signals, ...gate, `${strategy.name} order for ${goal}`];
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
