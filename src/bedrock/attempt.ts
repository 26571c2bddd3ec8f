import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { CallContext } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import type { AnswerSource, ModelResponse } from '../core/response.js';
import { answerSource } from './answer-source.js';
import type { AttemptLimits, AttemptWatch, AttemptWatches } from './attempt-watch.js';
import type { ConverseFeatures, ConverseRequest } from './converse-request.js';
import type { BedrockErrorHandler } from './error-handler.js';
import type { NativeMode } from './families/native-choice.js';
import { encodeModelCall, type ModelCall } from './model-call.js';
import { createResponseHandler, type ResponseHandler } from './response-handler.js';
import type { RuntimeClient } from './runtime-client.js';
import { untilAborted } from './time-limit.js';

export interface AttemptOptions {
  readonly clock: Clock;
  readonly watches: AttemptWatches;
  readonly limits: AttemptLimits;
  /** The first-token limit of one request, where it is not the same for all. */
  readonly firstTokenTimeoutMsFor?: (request: RoutedRequest) => number;
  readonly errors: BedrockErrorHandler;
  readonly source: AnswerSource;
  readonly features: ConverseFeatures;
  /** When a model is asked in its own format instead of Converse. */
  readonly nativeFormats: NativeMode;
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
  const encoded = encodeModelCall(request, model, options.nativeFormats, options.features);
  const firstTokenTimeoutMs = options.firstTokenTimeoutMsFor?.(request) ?? options.limits.firstTokenTimeoutMs;
  const limits = patientWith(encoded, { ...options.limits, firstTokenTimeoutMs });
  const watch = options.watches.open(limits, request.target, context.signal);
  const { onText, onPreview } = context;
  const answer = createResponseHandler({
    request,
    decoding: encoded.decoding,
    // Text that arrives after the call has ended must not go out any more.
    ...(onText && { onText: (text) => !watch.signal.aborted && onText(text) }),
    ...(onPreview && { onPreview: (text) => !watch.signal.aborted && onPreview(text) }),
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

/** A model that thinks may be silent for many minutes in the middle; the call's own deadline still holds. */
const thinkingSilenceMs = 900_000;

const patientWith = ({ thinks }: ConverseRequest, limits: AttemptLimits): AttemptLimits =>
  thinks ? { ...limits, idleTimeoutMs: Math.max(limits.idleTimeoutMs, thinkingSilenceMs) } : limits;

async function read(options: AttemptOptions, attempt: Attempt, call: ModelCall, progress: Progress) {
  const { client, model, request } = attempt;
  const { answer, watch } = progress;
  const take = (event: ConverseStreamOutput) => {
    const isContent = answer.add(event);
    if (isContent && progress.firstTokenAtMs === undefined) {
      progress.firstTokenAtMs = options.clock.monotonicMs();
      attempt.context.onFirstToken?.();
    }
    // A model that reasons may do so in silence once it has begun; any other has to come up with a first token.
    const begun =
      progress.firstTokenAtMs !== undefined || (model?.reasoning === true && event.messageStart !== undefined);
    if (begun) watch.sawLife();
  };
  const source = answerSource(client, call, model, request.target);
  // A whole answer comes in one piece, however long it is: only the caller's deadline limits it.
  if (source.streams) watch.awaitFirstToken();
  const events = await source.open(watch.signal);
  progress.opened = true;
  for await (const event of events) {
    if (source.split) source.split(event, take);
    else take(event);
  }
}

/**
 * Whether Bedrock may have worked on the request: it began to answer, or had the request when it took too long, for
 * itself or for us. Then it bills what it has read and written so far.
 */
function wasWorkedOn({ client }: Attempt, { opened, watch }: Progress, { category }: ServiceError): boolean {
  return opened || ((watch.signal.aborted || category === 'timeout') && client.wasSent(watch.signal));
}

/** The caller's cancel first, then our own limits, then what was thrown: an abort looks like a broken connection. */
function failure(options: AttemptOptions, attempt: Attempt, progress: Progress, thrown: unknown): ServiceError {
  const { signal } = attempt.context;
  const { target } = attempt.request;
  const { answer, watch } = progress;
  const error = signal.aborted
    ? abortedError(signal)
    : options.errors.toServiceError(watch.signal.aborted ? watch.signal.reason : thrown, target);
  const workedOn = wasWorkedOn(attempt, progress, error);
  if (!workedOn && error.target) return error;
  const partialText = answer.textSoFar();
  return new ServiceError(error.category, error.message, {
    ...(error.reason && { reason: error.reason }),
    remedy: error.remedy,
    target,
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    ...(workedOn && { usage: answer.usageSoFar() }),
    textHandedOn: answer.textHandedOn,
    ...(partialText !== '' && { partialText }),
    cause: error.cause ?? error,
  });
}
