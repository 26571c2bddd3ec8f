import { createBatch } from './batch.js';
import type { AlertAdministration } from './core/alerts.js';
import type { Answers } from './core/answers.js';
import { type BudgetSubject, type BudgetUse, tagsWithGroups } from './core/budget.js';
import { foldEvent, newCallRecord } from './core/call-record.js';
import type { Clock, Random } from './core/clock.js';
import type { CostReports } from './core/cost-report.js';
import { createDeadlines, type Deadlines } from './core/deadlines.js';
import type { Diagnostics } from './core/diagnostics.js';
import { abortedError, ServiceError, toServiceError } from './core/errors.js';
import type { CallEvent, EventSubscriber } from './core/events.js';
import type {
  BedrockIntegrationService,
  Budget,
  CacheAdministration,
  CallOptions,
  Estimate,
  Feedback,
  HealthReport,
  Invocation,
  RatedAnswer,
  Retrieval,
} from './core/integration-service.js';
import type { Jobs } from './core/jobs.js';
import type { Model } from './core/model.js';
import { attemptBudget, type CallContext, type Caller, type Handler, hasScope } from './core/pipeline.js';
import type { ModelDirectory, PerformanceRecord, PriceBook } from './core/ports.js';
import type { ModelRequest, RoutedRequest } from './core/request.js';
import { type NanoUsd, noUsage } from './core/response.js';
import type { RoutingDecision } from './core/routing.js';
import type { Sessions } from './core/sessions.js';
import type { Target } from './core/target.js';
import { listModels } from './model-list.js';
import type { RunCall } from './retrieval.js';

export interface ServiceParts {
  readonly process: Handler<ModelRequest>;
  /** Puts what a request only names in its place, for what is decided without `process`. Default: nothing. */
  readonly prepare?: (request: ModelRequest) => Promise<ModelRequest>;
  readonly route: (request: ModelRequest, caller?: Caller) => RoutingDecision | Promise<RoutingDecision>;
  /** Takes a rating; throws when the caller has no such answer. */
  readonly rate: (requestId: string, caller: string, rating: number) => RatedAnswer;
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
  readonly performance: PerformanceRecord;
  /** Whether this server can read the vectors of an embedding model. */
  readonly readsVectors?: (model: Model) => boolean;
  readonly costs: {
    budgets(): Promise<readonly Budget[]>;
    /** Whether an attempt at the routed request fits every budget. */
    fits(subject: BudgetSubject, use: BudgetUse): Promise<boolean>;
  };
  /** What the budgets set aside for an attempt. */
  readonly worstCase: (request: RoutedRequest) => BudgetUse;
  readonly reports: CostReports;
  readonly health: (deep: boolean) => Promise<HealthReport>;
  /** Exact input tokens; undefined when the model cannot be asked for them in time. Never rejects. */
  readonly countTokens?: (request: RoutedRequest) => Promise<number | undefined>;
  readonly retrieval?: (run: RunCall) => Retrieval;
  readonly cache?: CacheAdministration;
  readonly alerts?: AlertAdministration;
  readonly answers: Answers;
  readonly jobs: Jobs;
  readonly sessions: Sessions;
  readonly diagnostics: Diagnostics;
  readonly subscribers: readonly EventSubscriber[];
  readonly clock: Clock;
  readonly random: Random;
  /** Time for a call that names none. */
  readonly defaultTimeoutMs: number;
  readonly maxAttempts: number;
  /** How long `close` lets calls in flight finish. */
  readonly closeGraceMs: number;
  /** Ends sockets, files and timers; runs once, after the last call. */
  readonly release: () => Promise<void>;
}

/** An aborted call gets so long to book what it consumed and end by itself; then its caller is answered anyway. */
const abortGraceMs = 250;

/** The one interface that tools and the command line use. */
export function createBedrockIntegrationService(parts: ServiceParts): BedrockIntegrationService {
  const deadlines = createDeadlines(parts.clock);
  const inFlight = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;

  const run: RunCall = (request, options, process) => {
    const call = runCall({ ...parts, process }, request, options, deadlines);
    const tracked = call.catch(() => undefined).finally(() => inFlight.delete(tracked));
    inFlight.add(tracked);
    return call;
  };

  const close = async () => {
    const drained = Promise.all(inFlight).then(() => undefined);
    const waiting = new AbortController();
    await Promise.race([drained, parts.clock.sleep(parts.closeGraceMs, waiting.signal).catch(() => undefined)]);
    waiting.abort();
    deadlines.close(new ServiceError('cancelled', 'The server is shutting down.'));
    await drained;
    await parts.release();
  };

  const invoke: BedrockIntegrationService['invoke'] = (request, options) => run(request, options, parts.process);
  const { answers, jobs, sessions, diagnostics, prepare = async (request) => request } = parts;
  return {
    invoke,
    batch: createBatch(invoke),
    answers,
    jobs,
    sessions,
    diagnostics,
    ...(parts.retrieval && { retrieval: parts.retrieval(run) }),
    ...(parts.cache && { cache: parts.cache }),
    ...(parts.alerts && { alerts: parts.alerts }),
    route: async (request, caller) => parts.route(await prepare(request), caller),
    feedback: async (feedback, caller) => takeFeedback(parts, feedback, caller),
    estimate: async (request, caller) => estimate(parts, await prepare(request), caller),
    aliases: () => parts.directory.aliases(),
    models: async (filter) => listModels(parts, filter),
    costReport: (query, viewer) =>
      parts.reports.report(query, viewer && !hasScope(viewer, 'admin') ? viewer : undefined),
    costFiles: parts.reports,
    health: (deep) => parts.health(deep),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function takeFeedback(parts: ServiceParts, { requestId, rating, comment }: Feedback, caller: Caller): RatedAnswer {
  const rated = parts.rate(requestId, caller.id, rating);
  const event = { type: 'answer-rated', rating, ...(comment !== undefined && { comment }) } as const;
  publish(parts, event, requestId, { caller });
  return rated;
}

async function runCall(
  parts: ServiceParts,
  request: ModelRequest,
  options: CallOptions,
  deadlines: Deadlines,
): Promise<Invocation> {
  const { clock } = parts;
  const requestId = parts.random.id();
  const timeoutMs = request.timeout_ms ?? parts.defaultTimeoutMs;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  const life = startLife(clock, options.signal, deadlineMs, deadlines);
  const { signal } = life;
  let record = newCallRecord(requestId);
  const context: CallContext = {
    requestId,
    tool: options.tool,
    caller: options.caller,
    signal,
    deadlineMs,
    attempts: attemptBudget(parts.maxAttempts),
    ...(options.sessionId !== undefined && { sessionId: options.sessionId }),
    ...(options.onPreview && { onPreview: options.onPreview }),
    priority: options.priority ?? (request.service_tier === 'flex' ? 'batch' : 'interactive'),
    record: (event) => {
      record = foldEvent(record, event);
      publish(parts, event, requestId, options);
    },
  };
  try {
    const response = await Promise.race([parts.process(request, context), life.patience]);
    return { response, record };
  } catch (thrown) {
    const error = toServiceError(thrown);
    error.call = record;
    throw error;
  } finally {
    life.stop();
  }
}

type Listener = Pick<CallOptions, 'caller' | 'onEvent'>;

/** A subscriber that fails must not fail the call. */
function publish(parts: ServiceParts, event: CallEvent, requestId: string, { caller, onEvent }: Listener): void {
  const origin = { requestId, caller: caller.id, atMs: parts.clock.nowMs() };
  for (const subscriber of parts.subscribers) {
    try {
      subscriber.onCallEvent(event, origin);
    } catch {
      // Each subscriber answers for its own errors; there is nobody left to tell.
    }
  }
  onEvent?.(event);
}

interface Life {
  /** Aborted when the caller cancels, when the time is over, and when the server shuts down. */
  readonly signal: AbortSignal;
  /** Rejects some time after the signal was aborted; never settles for a call that ends by itself. */
  readonly patience: Promise<never>;
  stop(): void;
}

/** One signal of a call, by hand: `AbortSignal.any` and a timer for each cost more than all else that a call takes here. */
function startLife(clock: Clock, caller: AbortSignal, atMs: number, deadlines: Deadlines): Life {
  const life = new AbortController();
  let giveUp: (reason: unknown) => void = () => undefined;
  let endGrace: () => void = () => undefined;
  const patience = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const end = (reason: unknown): void => {
    if (life.signal.aborted) return;
    life.abort(reason);
    const grace = new AbortController();
    endGrace = () => grace.abort();
    clock.sleep(abortGraceMs, grace.signal).then(
      () => giveUp(abortedError(life.signal)),
      () => undefined,
    );
  };
  const cancel = () => end(caller.reason);
  if (caller.aborted) cancel();
  else caller.addEventListener('abort', cancel, { once: true });
  deadlines.add(end, atMs);
  return {
    signal: life.signal,
    patience,
    stop: () => {
      deadlines.remove(end);
      caller.removeEventListener('abort', cancel);
      endGrace();
    },
  };
}

async function estimate(parts: ServiceParts, request: ModelRequest, caller?: Caller): Promise<Estimate> {
  const { route, prices, costs, countTokens } = parts;
  const decision = await route(request, caller);
  const [first] = decision.candidates;
  if (!first)
    throw new ServiceError('model_unavailable', 'No model can take this request.', { reason: 'no_candidate' });
  const { target } = first;
  const { maxTokens, task } = decision;
  const routed: RoutedRequest = { ...request, task, target, max_tokens: maxTokens };
  const worst = parts.worstCase(routed);
  const counted = await countTokens?.(routed);
  const inputTokens = counted ?? decision.inputTokens;
  const inputCost = (tokens: number): NanoUsd =>
    prices.costOf(target, { ...noUsage, inputTokens: tokens, totalTokens: tokens }).nanoUsd;
  // The router's figure stands on its own estimate of the input, and for a guess of the output.
  const correction = inputCost(inputTokens) - inputCost(decision.inputTokens);
  return {
    target,
    inputTokens,
    maxOutputTokens: maxTokens,
    expected: Math.min(first.estimatedCost === undefined ? worst.cost : first.estimatedCost + correction, worst.cost),
    worstCase: worst.cost,
    method: counted === undefined ? 'estimated' : 'counted',
    fitsBudget: await costs.fits(subjectOf(parts, request, target, caller), worst),
    notices: decision.notices,
  };
}

function subjectOf(
  { directory }: ServiceParts,
  { tags }: ModelRequest,
  { model }: Target,
  caller?: Caller,
): BudgetSubject {
  return {
    caller: caller?.id ?? '',
    ...(caller?.budget && { own: caller.budget }),
    model,
    provider: directory.find(model)?.provider ?? '',
    tags: tagsWithGroups(tags, caller?.groups),
  };
}
