import { join } from 'node:path';
import { createAuthenticationManager } from './bedrock/authentication-manager.js';
import { type AuthenticationReadiness, createAuthenticationReadiness } from './bedrock/authentication-readiness.js';
import { type BedrockClient, createBedrockClient } from './bedrock/bedrock-client.js';
import { createConnectionCheck, createPoolCheck } from './bedrock/connection-check.js';
import { openSdkHandler } from './bedrock/connection-options.js';
import { createConnectionWatch } from './bedrock/connection-watch.js';
import { type ControlPlane, createControlPlane } from './bedrock/control-plane.js';
import type { ConverseFeatures } from './bedrock/converse-request.js';
import { createRetrievalClient } from './bedrock/retrieval-client.js';
import { createStructuredStage } from './bedrock/structured-stage.js';
import { createTokenCounter } from './bedrock/token-counter.js';
import { type CacheManager, createCacheManager } from './caching/cache-manager.js';
import { createCacheStage } from './caching/cache-stage.js';
import type { Settings } from './config/settings.js';
import type { Clock, Random } from './core/clock.js';
import type { EventSubscriber, ServerEvent } from './core/events.js';
import type { BedrockIntegrationService } from './core/integration-service.js';
import type { HealthCheck, Logger, ModelDirectory, PriceBook } from './core/ports.js';
import { type ModelId, modelId, region } from './core/target.js';
import { createBudgetCheck } from './cost/budget-check.js';
import { createBudgetStage } from './cost/budget-stage.js';
import { createCostMonitor } from './cost/cost-monitor.js';
import { createRetryingLedger } from './cost/ledgers/retrying-ledger.js';
import { openSqliteLedger } from './cost/ledgers/sqlite-ledger.js';
import { nanoFromUsd } from './cost/money.js';
import { createPriceBook } from './cost/pricing.js';
import { loadCatalogue } from './models/catalogue/load-catalogue.js';
import { createModelManager } from './models/model-manager.js';
import { createCallLog } from './observability/call-log.js';
import { createHealthChecker } from './observability/health-checker.js';
import { createMetricsCollector, type MetricsCollector } from './observability/metrics-collector.js';
import { createObserveStage } from './observability/observe-stage.js';
import { createRequestProcessor, type Stages } from './request-processor.js';
import { createTargetAdmission } from './resilience/admission.js';
import { type CircuitBreakers, createCircuitBreakers } from './resilience/circuit-breakers.js';
import { createFirstTokenTimes, type FirstTokenTimes } from './resilience/first-token-times.js';
import { createLocalModelStage } from './resilience/local-model.js';
import { createResilienceStage } from './resilience/resilience-stage.js';
import { createRetryBudget } from './resilience/retry-budget.js';
import { createRetrieval } from './retrieval.js';
import { defaultTaskRoutes, routingPolicyVersion } from './routing/default-task-routes.js';
import { createModelRouter, type ModelRouter } from './routing/model-router.js';
import { createOutcomeLearner } from './routing/outcome-learner.js';
import { createPerformanceTracker } from './routing/performance-tracker.js';
import { openPosteriorFile } from './routing/posterior-file.js';
import { createQualityPosteriors } from './routing/quality-posteriors.js';
import { createRouteStage } from './routing/route-stage.js';
import { createSessionAffinity } from './routing/session-affinity.js';
import { createShadowStage, type ShadowStage } from './routing/shadow-stage.js';
import { createTrainedClassifier } from './routing/trained-classifier.js';
import { createGuardStage } from './security/guard-stage.js';
import { createBedrockIntegrationService } from './service.js';

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

/** What reaches AWS, or the sandbox in its place. */
interface Backend {
  readonly client: BedrockClient;
  readonly controlPlane: ControlPlane;
  readonly checks: readonly HealthCheck[];
  readonly readiness: AuthenticationReadiness;
  close(): Promise<void>;
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
  const { settings, clock, random, version } = options;
  const catalogue = loadCatalogue();
  const { allowedGeographies: geographies, regions } = settings.aws;
  const directory = createModelManager({
    catalogue,
    regions: regions.map(region),
    ...(geographies && { geographies }),
  });
  const prices = createPriceBook({ catalogue });
  const watch = await startWatch(options, directory);
  const backend = await startBackend(options, directory, watch.firstTokenTimes);
  const costs = await openCosts(options, directory);
  const learning = await startLearning(options);
  watch.subscribers.push(costs.monitor, backend.readiness, learning.learner);
  const cache = openCache(options, watch.onServerEvent);
  const router = createRouter(options, watch, learning, directory, prices);
  const shadow = openShadow(options, directory);
  const { performance, breakers, subscribers, metrics } = watch;
  const stages = createStages({ options, watch, backend, costs, cache, router, shadow, directory, prices });
  const source = settings.sandbox ? 'sandbox' : 'bedrock';
  const client = createRetrievalClient({ client: backend.client, source });
  const service = createBedrockIntegrationService({
    process: createRequestProcessor(stages),
    retrieval: (run) => createRetrieval({ ...stages, directory, client }, run),
    route: (request, caller) => router.route(request, caller && { caller: caller.id }),
    rate: learning.learner.rate,
    directory,
    prices,
    performance,
    costs: costs.monitor,
    health: createHealthChecker({
      checks: [...backend.checks, costs.check],
      clock,
      version,
      startedAtMs: clock.monotonicMs(),
      timeoutMs: checkTimeoutMs,
      breakers,
      performance,
    }).run,
    countTokens: createTokenCounter({ clock, count: backend.client.countTokens }),
    subscribers,
    clock,
    random,
    defaultTimeoutMs: settings.limits.requestTimeoutMs,
    maxAttempts,
    closeGraceMs,
    release: async () => {
      breakers.close();
      await shadow?.close();
      await Promise.allSettled([learning.close(), backend.close(), cache.close(), costs.ledger.close()]);
    },
  });
  return { service, ...(metrics && { metrics }), warm: () => warmBackend(backend, settings) };
}

async function warmBackend(backend: Backend, { aws }: Settings): Promise<void> {
  backend.readiness.start();
  await backend.client.warm(region(aws.region));
}

interface StageParts {
  readonly options: ApplicationOptions;
  readonly watch: Watch;
  readonly backend: Backend;
  readonly costs: Awaited<ReturnType<typeof openCosts>>;
  readonly cache: CacheManager;
  readonly router: ModelRouter;
  readonly shadow: ShadowStage | undefined;
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
}

function createStages(parts: StageParts): Stages {
  const { options, watch, backend, costs, cache, router, shadow, directory, prices } = parts;
  const { settings, clock, random, logger } = options;
  const { breakers, onServerEvent } = watch;
  const { maxConcurrentPerTarget } = settings.limits;
  const localModel = openLocalModel(options, breakers);
  // A local model that can answer at once is better than a wait for Bedrock.
  const patience = localModel ? { waits: 0 } : {};
  const route = createRouteStage({ router, directory, clock, maxAttempts: maxCandidates, ...patience });
  const admission = createTargetAdmission({ clock, onServerEvent, maxConcurrentPerTarget });
  const source = settings.sandbox ? 'sandbox' : 'bedrock';
  return {
    observe: createObserveStage({ clock }),
    guard: createGuardStage({ ...settings.limits, clock }),
    cache: createCacheStage({
      cache,
      clock,
      ttlSeconds: settings.cache.ttlSeconds,
      staticTtlSeconds: 3_600,
      policyVersion: [source, routingPolicyVersion, settings.guardrail.id, settings.guardrail.version].join('/'),
      keepSandboxAnswers: settings.sandbox,
    }),
    route: localModel ? (next) => localModel(route(next)) : route,
    ...(shadow && { shadow: shadow.stage }),
    structured: createStructuredStage(),
    budget: createBudgetStage({
      ...costs,
      cachesForAnHour: settings.promptCaching === '1h',
      prices,
      directory,
      clock,
      random,
      logger,
      holdGraceMs,
      source,
    }),
    resilience: createResilienceStage({ breakers, admission, retryBudget: createRetryBudget(), clock, random }),
    client: backend.client.converse,
  };
}

/** Undefined when none is set, and when a guardrail has to see every answer, which it could not there. */
function openLocalModel({ settings, clock }: ApplicationOptions, breakers: CircuitBreakers) {
  const { url, model } = settings.localModel;
  if (url === undefined || model === undefined || settings.guardrail.id !== undefined) return undefined;
  const privateHostOnly = settings.aws.allowedGeographies !== undefined;
  return createLocalModelStage({ url, model, privateHostOnly, breakers, clock });
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
  return {
    metrics,
    performance,
    firstTokenTimes,
    subscribers,
    onServerEvent,
    breakers: createCircuitBreakers({ clock, onServerEvent }),
  };
}

/** What is learned of models from ratings and outcomes, and where it is kept. */
async function startLearning({ settings, clock, random, logger }: ApplicationOptions) {
  const posteriors = createQualityPosteriors({ seed: Math.floor(random.next() * 2 ** 32) });
  const affinity = createSessionAffinity({ clock });
  // What the sandbox answers says nothing about the models it stands for.
  const file = join(settings.storage.dataDir, settings.sandbox ? 'routing-sandbox.json' : 'routing.json');
  const kept = await openPosteriorFile({ file, posteriors, clock, logger });
  const learner = createOutcomeLearner({ posteriors, affinity, onLearned: kept.changed });
  return { posteriors, affinity, learner, close: kept.close };
}

function openShadow({ settings: { models }, clock, random, logger }: ApplicationOptions, directory: ModelDirectory) {
  const { shadow: model, shadowShare: share } = models;
  return model === undefined ? undefined : createShadowStage({ model, share, directory, clock, random, logger });
}

function createRouter(
  { settings: { models }, clock, random }: ApplicationOptions,
  { breakers: health, performance }: Watch,
  { posteriors, affinity }: Awaited<ReturnType<typeof startLearning>>,
  directory: ModelDirectory,
  prices: PriceBook,
): ModelRouter {
  return createModelRouter({
    directory,
    prices,
    health,
    performance,
    load: performance,
    posteriors,
    affinity,
    classifier: createTrainedClassifier(),
    taskRoutes: { ...defaultTaskRoutes, ...models.taskRoutes },
    ...(models.default !== undefined && { defaultModel: models.default }),
    fallbackModels: models.fallbacks,
    optimize: models.optimize,
    strategy: models.strategy,
    modelWeights: models.weights,
    regionWeights: models.regionWeights,
    clock,
    random,
  });
}

function openCache({ settings, clock }: ApplicationOptions, onServerEvent: Watch['onServerEvent']): CacheManager {
  const { memoryBytes, redisUrl } = settings.cache;
  return createCacheManager({
    memory: { maxBytes: memoryBytes },
    // What the sandbox answers stays in this process: a store that others read must not hold it.
    ...(redisUrl !== undefined && !settings.sandbox && { redis: { url: redisUrl } }),
    clock,
    onServerEvent,
  });
}

async function startBackend(
  options: ApplicationOptions,
  models: ModelDirectory,
  firstTokenTimes: FirstTokenTimes,
): Promise<Backend> {
  const { settings, clock } = options;
  const { aws, limits } = settings;
  const sandbox = settings.sandbox ? await startBuiltInSandbox(options) : undefined;
  const watch = createConnectionWatch({ clock });
  const connection = { maxSockets: limits.maxConcurrentRequests, ...(sandbox ? {} : awsConnection(aws)), watch };
  const authentication = createAuthenticationManager({
    clock,
    region: aws.region,
    watchFiles: true,
    handler: () => openSdkHandler(connection),
    ...(sandbox?.credentials ?? aws),
  });
  const runtimeEndpoint = sandbox?.url ?? aws.endpointRuntime;
  const controlEndpoint = sandbox?.url ?? aws.endpointControl;
  const client = createBedrockClient({
    clock,
    authentication,
    models,
    source: sandbox ? 'sandbox' : 'bedrock',
    features: conversationFeatures(settings),
    firstTokenTimeoutMs: limits.firstTokenTimeoutMs,
    firstTokenTimeoutMsFor: firstTokenTimes.timeoutMsFor,
    idleTimeoutMs: limits.idleTimeoutMs,
    nativeFormats: aws.nativeFormats,
    connection,
    ...(runtimeEndpoint !== undefined && { endpoint: runtimeEndpoint }),
  });
  const controlPlane = createControlPlane({
    clock,
    authentication,
    connection,
    ...(controlEndpoint !== undefined && { endpoint: controlEndpoint }),
  });
  const home = region(aws.region);
  const verify = (signal: AbortSignal) => controlPlane.listFoundationModels(home, signal);
  const readiness = createAuthenticationReadiness({ authentication, verify, clock, random: options.random });
  return {
    client,
    controlPlane,
    readiness,
    checks: [createConnectionCheck({ authentication, readiness, controlPlane, region: home }), createPoolCheck(watch)],
    close: async () => {
      readiness.close();
      authentication.close();
      client.close();
      controlPlane.close();
      await sandbox?.close();
    },
  };
}

function awsConnection({ tlsMinVersion, fips, dualStack, proxy: url, noProxy }: Settings['aws']) {
  const proxy = url && { proxy: { url, ...(noProxy !== undefined && { exceptions: noProxy }) } };
  return { tlsMinVersion, fips, dualStack, ...proxy };
}

function conversationFeatures({ guardrail: { id, version }, promptCaching }: Settings): ConverseFeatures {
  return { promptCaching, ...(id !== undefined && { guardrail: { id, version } }) };
}

async function startBuiltInSandbox({ clock, random, settings }: ApplicationOptions) {
  const { startSandbox, sandboxCredentials } = await import('./sandbox/sandbox.js');
  const sandbox = await startSandbox({
    catalogue: loadCatalogue(),
    clock,
    random,
    defaultRegion: settings.aws.region,
  });
  const { accessKeyId, secretAccessKey } = sandboxCredentials;
  return { url: sandbox.url, close: sandbox.close, credentials: { accessKeyId, secretAccessKey } };
}

async function openCosts({ settings, clock, logger }: ApplicationOptions, directory: ModelDirectory) {
  const { dailyLimitUsd, alertThresholdUsd } = settings.cost;
  // What the sandbox pretends to cost must not use up a real budget.
  const file = join(settings.storage.dataDir, settings.sandbox ? 'ledger-sandbox.db' : 'ledger.db');
  const ledger = createRetryingLedger({ ledger: await openSqliteLedger({ file, clock }), logger });
  const limit = dailyLimitUsd === undefined ? {} : { dailyLimit: nanoFromUsd(dailyLimitUsd) };
  const monitor = createCostMonitor({ ledger, clock, logger, directory, ...limit });
  const alertThreshold = alertThresholdUsd === undefined ? {} : { alertThreshold: nanoFromUsd(alertThresholdUsd) };
  const check = createBudgetCheck({ budgets: monitor.budgets, pending: ledger.pending, ...alertThreshold });
  return { ledger, monitor, check, ...limit };
}
