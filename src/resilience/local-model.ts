import type { Clock } from '../core/clock.js';
import { abortedError, errorPolicies, ServiceError, toServiceError } from '../core/errors.js';
import type { CallContext, Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import { type ModelResponse, responseText } from '../core/response.js';
import { modelId, region, type Target } from '../core/target.js';
import type { TextGuard } from '../core/text-guard.js';
import type { CircuitBreakers } from './circuit-breakers.js';
import { chatBody, isPlainText, readChatAnswer } from './local-chat.js';
import { screenedRequest, screenedResponse } from './local-screen.js';
import { isPrivateHost } from './private-host.js';

export interface LocalModelOptions {
  /** Base of an OpenAI-compatible API, such as `http://127.0.0.1:11434/v1`. */
  readonly url: string;
  readonly model: string;
  /** Data may not leave the allowed geographies: only a host of this network will do. */
  readonly privateHostOnly: boolean;
  readonly breakers: CircuitBreakers;
  readonly clock: Clock;
  /** Looks at what goes to the model and comes from it, in place of Bedrock. Undefined: nobody has to. */
  readonly guard?: TextGuard;
  /** Time for one answer, within the deadline of the call, milliseconds. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 60_000;
const mostAnswerBytes = 8_000_000;

/**
 * Answers from a model of the operator's own when all of Bedrock has failed: as the last resort, at no cost, and never
 * for a caller who wants no fallback. Passes the failure of Bedrock on when it cannot.
 */
export function createLocalModelStage(options: LocalModelOptions): Stage<ModelRequest> {
  const isAllowed = !options.privateHostOnly || isPrivateHost(new URL(options.url).hostname);
  return (next) => async (request, context) => {
    const counted = countAttempts(context);
    try {
      return await next(request, counted.context);
    } catch (thrown) {
      const error = toServiceError(thrown);
      if (!isAllowed || !mayUse(options.model, context) || !mayStandIn(request, error, context)) throw error;
      const screened = await screenedRequest(options.guard, request, context.signal);
      const answer = screened && (await askRecorded(options, screened, context, counted.attempts() + 1));
      const response = answer && (await screenedResponse(options.guard, answer, context.signal));
      if (response === undefined) throw error;
      context.onText?.(responseText(response.content));
      const notice = `Bedrock could not answer (${error.category}); the local model ${options.model} did.`;
      return { ...response, notices: [notice, ...response.notices] };
    }
  };
}

/** A caller who is limited to some models has to be allowed this one by name. */
const mayUse = (model: string, { caller: { allowedModels } }: CallContext): boolean =>
  allowedModels === undefined || allowedModels.includes(`local.${model}`);

function mayStandIn(request: ModelRequest, error: ServiceError, { signal }: CallContext): boolean {
  if (request.fallback === false || error.textHandedOn || signal.aborted) return false;
  // A spent budget is a decision of the operator, not a failure of Bedrock.
  if (!errorPolicies[error.category].failover || error.category === 'budget_exceeded') return false;
  return isPlainText(request);
}

function countAttempts(context: CallContext): { readonly context: CallContext; attempts(): number } {
  let attempts = 0;
  const record: CallContext['record'] = (event) => {
    if (event.type === 'attempt-started') attempts += 1;
    context.record(event);
  };
  return { context: { ...context, record }, attempts: () => attempts };
}

/** Undefined when the local model fails too, or rests. */
async function askRecorded(
  options: LocalModelOptions,
  request: ModelRequest,
  context: CallContext,
  number: number,
): Promise<ModelResponse | undefined> {
  const { breakers, clock } = options;
  const target: Target = { model: modelId(`local.${options.model}`), region: region('local') };
  const admission = breakers.admit(target, true);
  if (!admission.admitted) return undefined;
  const startedMs = clock.monotonicMs();
  const ended = () => ({ type: 'attempt-ended', target, number, latencyMs: clock.monotonicMs() - startedMs }) as const;
  context.record({ type: 'attempt-started', target, number });
  try {
    const response = await ask(options, request, context, target);
    admission.report({ ok: true });
    context.record({ ...ended(), outcome: 'succeeded', usage: response.usage });
    return response;
  } catch (thrown) {
    const wasEnded = context.signal.aborted;
    const failure = wasEnded ? abortedError(context.signal) : localFailure(target, thrown);
    admission.report({ ok: false, weight: wasEnded ? 0 : 1, why: failure.message });
    const { category, message } = failure;
    context.record({ ...ended(), outcome: 'failed', failure: { category, message } });
    if (wasEnded) throw failure;
    return undefined;
  }
}

function localFailure(target: Target, cause: unknown): ServiceError {
  return new ServiceError('model_error', 'The local model failed.', { target, cause });
}

async function ask(
  { url, model, clock, timeoutMs = defaultTimeoutMs }: LocalModelOptions,
  request: ModelRequest,
  context: CallContext,
  target: Target,
): Promise<ModelResponse> {
  const tooLate = new AbortController();
  const answered = new AbortController();
  clock.sleep(timeoutMs, answered.signal).then(
    () => tooLate.abort(),
    () => undefined,
  );
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(chatBody(request, model)),
      redirect: 'error',
      signal: AbortSignal.any([context.signal, tooLate.signal]),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const answer = readChatAnswer(await readBounded(response), request);
    return { ...answer, served: target, source: 'local', cost: { nanoUsd: 0, estimated: false }, notices: [] };
  } finally {
    answered.abort();
  }
}

async function readBounded(response: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostAnswerBytes) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
