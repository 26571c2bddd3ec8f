import { errorPolicies, ServiceError, toServiceError } from './core/errors.js';
import type { CallOptions, Invocation, Retrieval } from './core/integration-service.js';
import type { Model } from './core/model.js';
import { modelNotAllowed } from './core/model-rights.js';
import { attemptBudget, type CallContext, type Caller, type Handler, type Stage } from './core/pipeline.js';
import type { ModelDirectory } from './core/ports.js';
import type { ModelRequest, RoutedRequest } from './core/request.js';
import type { ModelResponse, Usage } from './core/response.js';
import type { EmbedRequest, RankedDocument, RerankRequest, RetrievalBatch, RetrievalClient } from './core/retrieval.js';
import { modelId, type Target } from './core/target.js';
import type { TextGuard } from './core/text-guard.js';

/** The stages of a conversation that hold for vectors and rankings too: same limits, books, retries and errors. */
export interface RetrievalParts {
  readonly directory: Pick<ModelDirectory, 'all' | 'find' | 'targetsOf'>;
  readonly client: RetrievalClient;
  readonly observe: Stage<ModelRequest>;
  readonly guard: Stage<ModelRequest>;
  readonly budget: Stage<RoutedRequest>;
  readonly resilience: Stage<RoutedRequest>;
  /** Embedding and rerank models take no guardrail themselves. Undefined: none is set. */
  readonly textGuard?: TextGuard | undefined;
}

/** Runs a call with deadline, record and events, as any other call of the service. */
export type RunCall = (
  request: ModelRequest,
  options: CallOptions,
  process: Handler<ModelRequest>,
) => Promise<Invocation>;

const defaultModels = { embedding: 'amazon.titan-embed-text-v2:0', rerank: 'cohere.rerank-v3-5:0' } as const;
type Kind = keyof typeof defaultModels;

/** Batches of one call that run at once. */
const parallelBatches = 4;
const attemptsPerBatch = 4;

type Job<Value> = Pick<EmbedRequest, 'max_cost_usd' | 'timeout_ms' | 'tags'> & {
  readonly model: Model;
  readonly texts: readonly string[];
  /** @throws ServiceError validation for what the model cannot do. */
  readonly batchesOf: (texts: readonly string[]) => readonly RetrievalBatch<Value>[];
};

type Batches<Value> = readonly RetrievalBatch<Value>[];

export function createRetrieval(parts: RetrievalParts, run: RunCall): Retrieval {
  async function call<Value>(job: Job<Value>, options: CallOptions) {
    const values: Value[] = [];
    const keep = (value: Value, index: number) => {
      values[index] = value;
    };
    const batches = job.batchesOf(job.texts);
    const ask: Handler<ModelRequest> = async (_, context) => {
      const screened = await parts.textGuard?.check(job.texts, 'INPUT', context.signal);
      return askAll(parts, job, screened ? job.batchesOf(screened) : batches, context, keep);
    };
    const invocation = await run(requestOf(job, batches), options, parts.observe(parts.guard(ask)));
    return { ...invocation, values };
  }
  return {
    embed: async (request, options) => {
      const model = modelOf(parts, 'embedding', request, options.caller);
      const { values, ...rest } = await call(
        {
          ...request,
          model,
          batchesOf: (texts) => parts.client.embedBatches(model, { ...request, texts: [...texts] }),
        },
        options,
      );
      return { ...rest, value: values.flat() };
    },
    rerank: async (request, options) => {
      const model = modelOf(parts, 'rerank', request, options.caller);
      const { values, ...rest } = await call(
        {
          ...request,
          model,
          texts: [request.query, ...request.documents],
          batchesOf: ([query = '', ...documents]) =>
            parts.client.rerankBatches(model, { ...request, query, documents }),
        },
        options,
      );
      return { ...rest, value: bestFirst(values.flat(), request) };
    },
  };
}

const bestFirst = (documents: readonly RankedDocument[], { top_n: count }: RerankRequest): readonly RankedDocument[] =>
  documents.toSorted((left, right) => right.score - left.score || left.index - right.index).slice(0, count);

function modelOf(
  { directory }: RetrievalParts,
  kind: Kind,
  { model: name }: { readonly model?: string | undefined },
  { allowedModels }: Caller,
): Model {
  const wanted = (name ?? defaultModels[kind]).toLowerCase();
  const known = directory.all().filter((model) => model.kind === kind);
  const found = known.find(({ id, name: title }) => id === wanted || title?.toLowerCase() === wanted);
  // Their names are no aliases that stand for others, so they are compared as they are.
  const allowed = allowedModels && new Set(allowedModels);
  if (found && allowed && !allowed.has(found.id)) throw modelNotAllowed(found.id, allowed);
  if (found) return found;
  throw new ServiceError('validation', `No ${kind} model is called ${JSON.stringify(wanted.slice(0, 100))}.`, {
    reason: 'unknown_model',
    remedy: `Known are ${known.map(({ id }) => id).join(', ')}.`,
  });
}

/** What guard, budget and log see: the texts as a conversation without an answer. */
function requestOf<Value>(
  { model, max_cost_usd, timeout_ms, tags }: Job<Value>,
  batches: Batches<Value>,
): ModelRequest {
  return {
    model: model.id,
    messages: batches.map(({ texts }) => messageOf(texts)),
    ...(max_cost_usd !== undefined && { max_cost_usd }),
    ...(timeout_ms !== undefined && { timeout_ms }),
    ...(tags && { tags }),
  };
}

const messageOf = (texts: readonly string[]): ModelRequest['messages'][number] => ({
  role: 'user',
  content: texts.map((text) => ({ type: 'text', text })),
});

async function askAll<Value>(
  parts: RetrievalParts,
  job: Job<Value>,
  batches: Batches<Value>,
  given: CallContext,
  keep: (value: Value, index: number) => void,
): Promise<ModelResponse> {
  const failed = new AbortController();
  const signal = AbortSignal.any([given.signal, failed.signal]);
  const context = { ...given, signal, attempts: attemptBudget(batches.length * attemptsPerBatch) };
  const responses: ModelResponse[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < batches.length; index = next++) {
      const batch = batches[index];
      if (!batch) return;
      const { value, response } = await askOne(parts, job, batch, context);
      keep(value, index);
      responses.push(response);
    }
  };
  // With a cap on the cost each batch is to have what those before it did not need.
  const workers = job.max_cost_usd === undefined ? Math.min(parallelBatches, batches.length) : 1;
  const running = Array.from({ length: workers }, () =>
    work().catch((error: unknown) => {
      failed.abort(toServiceError(error));
      throw error;
    }),
  );
  // Every worker has booked what it used before the call ends.
  await Promise.allSettled(running);
  await Promise.all(running);
  return responses.reduce(added);
}

/** Only input is counted in calls without an answer in tokens. */
function addInput(left: Usage, right: Usage): Usage {
  const inputTokens = left.inputTokens + right.inputTokens;
  return { ...left, inputTokens, totalTokens: inputTokens, estimated: left.estimated || right.estimated };
}

function added(left: ModelResponse, right: ModelResponse): ModelResponse {
  const [one, other] = [left.cost, right.cost];
  const cost = one && other && { nanoUsd: one.nanoUsd + other.nanoUsd, estimated: one.estimated || other.estimated };
  return { ...left, usage: addInput(left.usage, right.usage), ...(cost && { cost }) };
}

/** The batch at the first target that answers. Vectors of different models do not fit together, so the model stays. */
async function askOne<Value>(
  parts: RetrievalParts,
  job: Job<Value>,
  batch: RetrievalBatch<Value>,
  context: CallContext,
) {
  const targets = targetsOf(parts, job.model);
  for (const [index, target] of targets.entries()) {
    try {
      return await askAt(parts, job, batch, target, context);
    } catch (thrown) {
      const error = toServiceError(thrown);
      const mayMove = errorPolicies[error.category].failover && !context.signal.aborted;
      if (!mayMove || index === targets.length - 1) throw error;
    }
  }
  throw new ServiceError('model_unavailable', `${job.model.id} cannot be called here.`, { reason: 'no_candidate' });
}

async function askAt<Value>(
  { budget, resilience }: RetrievalParts,
  { max_cost_usd, tags }: Job<Value>,
  { texts, send }: RetrievalBatch<Value>,
  target: Target,
  context: CallContext,
) {
  let kept: { readonly value: Value } | undefined;
  const ask: Handler<RoutedRequest> = async (request, given) => {
    const { value, response } = await send(request, given);
    kept = { value };
    return response;
  };
  const request: RoutedRequest = {
    messages: [messageOf(texts)],
    target,
    // There is no answer in tokens; nothing is set aside for one.
    max_tokens: 0,
    ...(max_cost_usd !== undefined && { max_cost_usd }),
    ...(tags && { tags }),
  };
  const response = await budget(resilience(ask))(request, context);
  if (!kept) throw new ServiceError('internal', 'An answer was lost.');
  return { ...kept, response };
}

function targetsOf({ directory }: RetrievalParts, model: Model): readonly Target[] {
  // Where a model may be called does not depend on what it is for; the directory speaks of chat models only.
  const { targets, refusal } = directory.targetsOf({ model: { ...model, kind: 'chat' } });
  if (targets.length > 0) return targets.map((target) => ({ ...target, model: modelId(model.id) }));
  throw new ServiceError('model_unavailable', refusal ?? `${model.id} cannot be called here.`, {
    reason: 'no_candidate',
  });
}
