import { type Backend, startBackend } from './backend.js';
import { createRetrievalClient, readsVectors } from './bedrock/retrieval-client.js';
import { createStructuredStage } from './bedrock/structured-stage.js';
import { createTokenCounter } from './bedrock/token-counter.js';
import { type OpenedCache, openCache } from './compose-cache.js';
import { type CallMemory, openCallMemory } from './compose-calls.js';
import { openCosts } from './compose-costs.js';
import { type Learning, startLearning } from './compose-learning.js';
import { openPrices } from './compose-prices.js';
import { joinBreakers, openQuotas } from './compose-resilience.js';
import type { Settings } from './config/settings.js';
import type { Clock, Random } from './core/clock.js';
import type { EventSubscriber, ServerEvent } from './core/events.js';
import type { BedrockIntegrationService } from './core/integration-service.js';
import type { Catalogue } from './core/model.js';
import type { ModelFactsSource } from './core/model-facts.js';
import type { Caller } from './core/pipeline.js';
import type { BudgetOutlook, HealthCheck, Logger, ModelDirectory, PriceBook } from './core/ports.js';
import type { ModelRequest, RoutedRequest } from './core/request.js';
import { type ModelId, modelId, region } from './core/target.js';
import type { TextGuard } from './core/text-guard.js';
import { createBudgetStage } from './cost/budget-stage.js';
import { nanoFromUsd } from './cost/money.js';
import { createSpendForecast } from './cost/spend-forecast.js';
import { worstCaseUse } from './cost/worst-case.js';
import { loadCatalogue } from './models/catalogue/load-catalogue.js';
import { createLiveModels, type LiveModels } from './models/live-models.js';
import type { ModelManager } from './models/model-manager.js';
import { createCallLog } from './observability/call-log.js';
import { createHealthChecker } from './observability/health-checker.js';
import { createMetricsCollector, type MetricsCollector } from './observability/metrics-collector.js';
import { createObserveStage } from './observability/observe-stage.js';
import { createRequestProcessor, type Stages } from './request-processor.js';
import { createTargetAdmission } from './resilience/admission.js';
import { type CircuitBreakers, createCircuitBreakers } from './resilience/circuit-breakers.js';
import { createFirstTokenTimes, type FirstTokenTimes } from './resilience/first-token-times.js';
import { createHedge } from './resilience/hedging.js';
import { createLocalModelStage } from './resilience/local-model.js';
import { createModeWatch } from './resilience/mode-watch.js';
import { createResilienceStage } from './resilience/resilience-stage.js';
import { createRetryBudget } from './resilience/retry-budget.js';
import { createRetrieval } from './retrieval.js';
import { defaultTaskRoutes } from './routing/default-task-routes.js';
import { createModelRouter, type ModelRouter } from './routing/model-router.js';
import { createPerformanceTracker } from './routing/performance-tracker.js';
import { createRouteStage } from './routing/route-stage.js';
import { createShadowStage, type ShadowStage } from './routing/shadow-stage.js';
import { createTrainedClassifier } from './routing/trained-classifier.js';
import { createFileReader, createFileStage } from './security/files/file-stage.js';
import { createGuardStage } from './security/guard-stage.js';
import { createBedrockIntegrationService } from './service.js';
import { createRedisConnection } from './storage/redis-connection.js';

/** Attempts of one call over all retries and fallbacks. */
const maxAttempts = 8;
const maxCandidates = 4;
const checkTimeoutMs = 12_000;
const holdGraceMs = 30_000;
const closeGraceMs = 10_000;

export interface ApplicationOptions {
  readonly settings: Settings;
  readonly version: string;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Application {
  readonly service: BedrockIntegrationService;
  /** Undefined when metrics are switched off. */
  readonly metrics?: MetricsCollector;
  /** Loads what the first call needs. Never rejects. */
  warm(): Promise<void>;
}

/** What listens to events, and what is known of targets from them. */
interface Watch {
  readonly metrics: MetricsCollector | undefined;
  readonly performance: ReturnType<typeof createPerformanceTracker>;
  readonly breakers: CircuitBreakers;
  readonly firstTokenTimes: FirstTokenTimes;
  readonly subscribers: EventSubscriber[];
  readonly onServerEvent: (event: ServerEvent) => void;
}

/**
 * Makes everything and joins it; nothing else in the project creates what it does not own.
 * @throws ServiceError when the ledger cannot be opened.
 */
export async function compose(options: ApplicationOptions): Promise<Application> {
  const { settings, clock, random } = options;
  const catalogue = loadCatalogue();
  // The client needs the directory, so what the directory asks is there only after it.
  const models = openModels(options, catalogue, () => backend.controlPlane);
  const { directory } = models;
  const prices = openPrices(options, catalogue);
  const watch = await startWatch(options, directory);
  const backend: Backend = await startBackend(options, directory, watch);
  const redis = openRedis(options, watch);
  const learning = await startLearning({ ...options, redis });
  const memory = openCallMemory({ ...options, redis, encryptionKeys: settings.encryption.keys });
  const costs = await openCosts({ ...watch, options, directory, redis, health: () => service.health(false) });
  watch.subscribers.push(memory.subscriber, ...costs.listeners, backend.readiness, models.subscriber, learning.learner);
  // Answers are made anew through the service, which is there only when all of its parts are.
  const cache = openCache({ ...options, ...watch, directory, redis, invoke: () => service.invoke });
  const router = currentRouter(directory, createRouter(options, watch, learning, directory, prices, costs.outlook));
  const shadow = openShadow(options, directory);
  const { performance, breakers, subscribers, metrics } = watch;
  const stages = createStages({ options, watch, backend, costs, cache, router, shadow, models, prices, memory });
  const source = settings.sandbox ? 'sandbox' : 'bedrock';
  const client = createRetrievalClient({ client: backend.client, source });
  const service: BedrockIntegrationService = createBedrockIntegrationService({
    process: createRequestProcessor(stages),
    retrieval: (run) => createRetrieval({ ...stages, directory, client, textGuard: backend.textGuard }, run),
    ...decisions(settings, router, models, prices),
    rate: learning.learner.rate,
    ...memory,
    directory,
    prices,
    performance,
    ...costs.told,
    health: openHealth(options, watch, [...backend.checks, models.check, ...costs.checks, cache.check]),
    cache: cache.administration,
    ...costs.administration,
    countTokens: createTokenCounter({ clock, count: backend.client.countTokens }),
    subscribers,
    clock,
    random,
    defaultTimeoutMs: settings.limits.requestTimeoutMs,
    maxAttempts,
    closeGraceMs,
    release: async () => {
      breakers.close();
      models.close();
      await cache.close();
      await shadow?.close();
      await Promise.allSettled([memory.close(), learning.close(), backend.close(), costs.close()]);
      await redis?.close();
    },
  });
  return {
    service,
    ...(metrics && { metrics }),
    warm: () => backend.warm().then(models.start),
  };
}

function openHealth({ clock, version }: ApplicationOptions, watch: Watch, checks: readonly HealthCheck[]) {
  const { breakers, performance } = watch;
  const startedAtMs = clock.monotonicMs();
  return createHealthChecker({ checks, clock, version, startedAtMs, timeoutMs: checkTimeoutMs, breakers, performance })
    .run;
}

const decisions = (settings: Settings, router: ModelRouter, models: LiveModels, prices: PriceBook) => ({
  readsVectors,
  worstCase: (request: RoutedRequest) => worstCaseUse(prices, request, settings.promptCaching === '1h'),
  prepare: readFiles(settings),
  route: async (request: ModelRequest, caller?: Caller) => {
    await models.prepare(request.model, new AbortController().signal);
    return router.route(request, caller && { caller });
  },
});

function openModels(
  { settings, clock, random }: ApplicationOptions,
  catalogue: Catalogue,
  source: () => ModelFactsSource,
): LiveModels {
  const { aws, models } = settings;
  const routes = Object.values({ ...defaultTaskRoutes, ...models.taskRoutes });
  const first = [models.default ?? [], ...routes.map((names) => names.slice(0, 1)), models.fallbacks].flat();
  return createLiveModels({
    catalogue,
    regions: aws.regions.map(region),
    ...(aws.allowedGeographies && { geographies: aws.allowedGeographies }),
    arnHints: models.arns,
    names: [...first, ...routes.flat()],
    source,
    clock,
    random,
  });
}

/** A router keeps the targets of its start, so another one takes over when they may have changed. */
function currentRouter(directory: ModelManager, create: () => ModelRouter): ModelRouter {
  let router = create();
  let revision = directory.revision();
  return {
    route: (request, context) => {
      if (revision !== directory.revision()) {
        revision = directory.revision();
        router = create();
      }
      return router.route(request, context);
    },
  };
}

interface StageParts {
  readonly options: ApplicationOptions;
  readonly watch: Watch;
  readonly backend: Backend;
  readonly costs: Awaited<ReturnType<typeof openCosts>>;
  readonly cache: OpenedCache;
  readonly router: ModelRouter;
  readonly shadow: ShadowStage | undefined;
  readonly models: LiveModels;
  readonly prices: PriceBook;
  readonly memory: CallMemory;
}

function createStages(parts: StageParts): Stages {
  const { options, watch, backend, costs, cache, router, shadow, models, prices, memory } = parts;
  const { directory } = models;
  const { settings, clock, random } = options;
  const { breakers, onServerEvent } = watch;
  const { maxConcurrentPerTarget } = settings.limits;
  const localModel = openLocalModel(options, breakers, backend.textGuard);
  // A local model that can answer at once is better than a wait for Bedrock.
  const patience = localModel ? { waits: 0 } : {};
  const routed = createRouteStage({ router, directory, clock, maxAttempts: maxCandidates, ...patience });
  const route = models.preparing(routed);
  const quotaOf = openQuotas(settings, directory);
  const admission = createTargetAdmission({ clock, onServerEvent, maxConcurrentPerTarget, quotaOf });
  const source = settings.sandbox ? 'sandbox' : 'bedrock';
  return {
    observe: createObserveStage({ clock }),
    session: memory.sessionStage,
    files: createFileStage(readFiles(settings)),
    guard: createGuardStage({ ...settings.limits, clock }),
    cache: cache.stage,
    route: (next) => costs.economy(localModel ? localModel(route(next)) : route(next)),
    ...(shadow && { shadow: shadow.stage }),
    structured: createStructuredStage(),
    budget: createBudgetStage({
      ...costs,
      cachesForAnHour: settings.promptCaching === '1h',
      unknownPrice: settings.cost.unknownPrice,
      prices,
      directory,
      clock,
      holdGraceMs,
      source,
    }),
    resilience: createResilienceStage({
      breakers,
      admission,
      retryBudget: createRetryBudget(),
      clock,
      random,
      ...(settings.hedging.enabled && { hedge: openHedge(settings, clock, watch, prices) }),
    }),
    client: backend.client.converse,
  };
}

const readFiles = ({ limits }: Settings) =>
  createFileReader({ ...limits, roots: limits.attachmentRoots, maxBytes: limits.attachmentMaxBytes });

function openHedge({ hedging }: Settings, clock: Clock, { firstTokenTimes }: Watch, prices: PriceBook) {
  return createHedge({ clock, firstTokenTimes, prices, maxCost: nanoFromUsd(hedging.maxCostUsd) });
}

/** Undefined when none is set. */
function openLocalModel({ settings, clock }: ApplicationOptions, breakers: CircuitBreakers, guard?: TextGuard) {
  const { url, model } = settings.localModel;
  if (url === undefined || model === undefined) return undefined;
  const privateHostOnly = settings.aws.allowedGeographies !== undefined;
  return createLocalModelStage({ url, model, privateHostOnly, breakers, clock, ...(guard && { guard }) });
}

async function startWatch(
  { settings, clock, logger, version }: ApplicationOptions,
  directory: ModelDirectory,
): Promise<Watch> {
  const isKnownModel = (id: string) => directory.find(modelId(id)) !== undefined;
  const metrics = settings.metricsEnabled ? await createMetricsCollector({ version, isKnownModel }) : undefined;
  const performance = createPerformanceTracker({ clock });
  const find = (id: ModelId) => directory.find(id);
  const firstTokenTimes = createFirstTokenTimes({ timeoutMs: settings.limits.firstTokenTimeoutMs, find });
  const always = [createCallLog(logger), performance, firstTokenTimes];
  const subscribers: EventSubscriber[] = [...always, ...(metrics ? [metrics] : [])];
  const onServerEvent = (event: ServerEvent) => {
    for (const subscriber of subscribers) subscriber.onServerEvent?.(event);
  };
  subscribers.push(createModeWatch(onServerEvent));
  return {
    metrics,
    performance,
    firstTokenTimes,
    subscribers,
    onServerEvent,
    breakers: createCircuitBreakers({ clock, onServerEvent }),
  };
}

function openShadow({ settings: { models }, clock, random, logger }: ApplicationOptions, directory: ModelDirectory) {
  const { shadow: model, shadowShare: share } = models;
  return model === undefined ? undefined : createShadowStage({ model, share, directory, clock, random, logger });
}

function createRouter(
  { settings: { models, promptCaching }, clock }: ApplicationOptions,
  { breakers: health, performance }: Watch,
  { seed, posteriors, affinity }: Learning,
  directory: ModelDirectory,
  prices: PriceBook,
  outlook: BudgetOutlook,
): () => ModelRouter {
  const classifier = createTrainedClassifier();
  const cachesForAnHour = promptCaching === '1h';
  const spend = createSpendForecast({ prices, directory, outlook, cachesForAnHour });
  return () =>
    createModelRouter({
      directory,
      prices,
      health,
      performance,
      load: performance,
      posteriors,
      affinity,
      classifier,
      taskRoutes: { ...defaultTaskRoutes, ...models.taskRoutes },
      ...(models.default !== undefined && { defaultModel: models.default }),
      fallbackModels: models.fallbacks,
      optimize: models.optimize,
      strategy: models.strategy,
      callerStrategies: models.callerStrategies,
      modelWeights: models.weights,
      regionWeights: models.regionWeights,
      spend,
      clock,
      seed,
    });
}

/** What replicas share. The sandbox has none: what it answers and pretends to spend stays in this process. */
function openRedis({ settings, clock, random }: ApplicationOptions, { breakers, subscribers, onServerEvent }: Watch) {
  const { redisUrl: url, redisCluster: cluster, redisTimeoutMs: timeoutMs } = settings.cache;
  if (url === undefined || settings.sandbox) return undefined;
  const redis = createRedisConnection({ url, cluster, timeoutMs, clock, onServerEvent });
  subscribers.push(joinBreakers(breakers, redis, random));
  return redis;
}
