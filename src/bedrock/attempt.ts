import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { CallContext } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, ModelResponse } from '../core/response.js';
import { type AttemptLimits, type AttemptWatch, createAttemptWatch } from './attempt-watch.js';
import { eventsOf } from './converse-answer.js';
import { type ConverseRequest, encodeConverseRequest } from './converse-request.js';
import type { BedrockErrorHandler } from './error-handler.js';
import { createResponseHandler, type ResponseHandler } from './response-handler.js';
import type { RuntimeClient } from './runtime-client.js';
import { untilAborted } from './time-limit.js';

export interface AttemptOptions {
  readonly clock: Clock;
  readonly limits: AttemptLimits;
  readonly errors: BedrockErrorHandler;
  readonly source: AnswerSource;
}

export interface Attempt {
  readonly client: RuntimeClient;
  readonly request: RoutedRequest;
  readonly model: Model | undefined;
  readonly context: CallContext;
}

/** What is known of an attempt while it runs. */
interface Progress {
  readonly answer: ResponseHandler;
  readonly watch: AttemptWatch;
  /** True once Bedrock began to answer: from then on it has worked on the request, and bills it. */
  opened: boolean;
  firstTokenAtMs?: number;
}

/**
 * One request to Bedrock and its whole answer. When the caller's signal aborts, the socket is destroyed and the call ends
 * at once.
 * @throws ServiceError, with the estimated usage of what had begun to be answered.
 */
export async function runAttempt(options: AttemptOptions, attempt: Attempt): Promise<ModelResponse> {
  const { request, context, model } = attempt;
  const encoded = encodeConverseRequest(request, model);
  const watch = createAttemptWatch(options.clock, options.limits, request.target, context.signal);
  const { onText } = context;
  const answer = createResponseHandler({
    request,
    // Text that arrives after the call has ended must not go out any more.
    ...(onText && { onText: (text) => !watch.signal.aborted && onText(text) }),
  });
  const progress: Progress = { answer, watch, opened: false };
  const startedAtMs = options.clock.monotonicMs();
  try {
    await untilAborted(read(options, attempt, encoded, progress), watch.signal).catch((thrown: unknown) => {
      // A connection that breaks after the model has said its last word takes nothing away.
      if (!answer.ended || context.signal.aborted) throw thrown;
    });
    const gathered = answer.finish();
    return {
      ...gathered,
      served: request.target,
      source: options.source,
      ...(progress.firstTokenAtMs !== undefined && { timeToFirstTokenMs: progress.firstTokenAtMs - startedAtMs }),
      notices: [...encoded.notices, ...gathered.notices],
    };
  } catch (thrown) {
    const error = failure(options, attempt, progress, thrown);
    watch.abort();
    throw error;
  } finally {
    watch.stop();
  }
}

async function read(options: AttemptOptions, attempt: Attempt, encoded: ConverseRequest, progress: Progress) {
  const { client, model, request } = attempt;
  const { answer, watch } = progress;
  const take = (event: ConverseStreamOutput) => {
    const isContent = answer.add(event);
    if (isContent) progress.firstTokenAtMs ??= options.clock.monotonicMs();
    // A model that reasons may do so in silence once it has begun; any other has to come up with a first token.
    const begun =
      progress.firstTokenAtMs !== undefined || (model?.reasoning === true && event.messageStart !== undefined);
    if (begun) watch.sawLife();
  };
  if (!canStream(model, encoded)) {
    // The whole answer comes in one piece, however long it is: only the caller's deadline limits it.
    const whole = await client.converse(encoded.input, watch.signal);
    progress.opened = true;
    for (const event of eventsOf(whole, request.target)) take(event);
    return;
  }
  watch.awaitFirstToken();
  const stream = await client.converseStream(encoded.input, watch.signal);
  progress.opened = true;
  for await (const event of stream) take(event);
}

function canStream(model: Model | undefined, { input }: ConverseRequest): boolean {
  if (model?.converseStream === false) return false;
  return input.toolConfig === undefined || model?.streamingTools !== false;
}

/** The caller's cancel first, then our own limits, then what was thrown: an abort looks like a broken connection. */
function failure(options: AttemptOptions, attempt: Attempt, progress: Progress, thrown: unknown): ServiceError {
  const { signal } = attempt.context;
  const { target } = attempt.request;
  const { answer, watch, opened } = progress;
  const error = signal.aborted
    ? abortedError(signal)
    : options.errors.toServiceError(watch.signal.aborted ? watch.signal.reason : thrown, target);
  if (!opened && error.target) return error;
  return new ServiceError(error.category, error.message, {
    ...(error.reason && { reason: error.reason }),
    remedy: error.remedy,
    target,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(opened && { usage: answer.usageSoFar() }),
    textHandedOn: answer.textHandedOn,
    cause: error.cause ?? error,
  });
}
