import type { ApplyGuardrailCommandInput, ApplyGuardrailCommandOutput } from '@aws-sdk/client-bedrock-runtime';
import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { Handler } from '../core/pipeline.js';
import type { ModelDirectory } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import { invocationId, type Region, type Target } from '../core/target.js';
import { runAttempt } from './attempt.js';
import { type AttemptLimits, createAttemptWatches } from './attempt-watch.js';
import type { AuthenticationManager, AwsCredentials } from './authentication-manager.js';
import { type ConnectionOptions, connectionDefaults } from './connection-options.js';
import type { ConverseFeatures } from './converse-request.js';
import { type BedrockErrorHandler, createBedrockErrorHandler, type ErrorPlace } from './error-handler.js';
import { familyOf } from './families/families.js';
import type { WholeAnswer } from './families/native-answer.js';
import type { NativeMode } from './families/native-choice.js';
import type { RuntimeClient } from './runtime-client.js';
import { untilAborted } from './time-limit.js';
import { countInput } from './token-counter.js';

export interface BedrockClient {
  /** One attempt at the target of the request. @throws ServiceError */
  readonly converse: Handler<RoutedRequest>;
  /** Input tokens of the request, counted by its model; undefined for a model that counts none. @throws ServiceError */
  countTokens(request: RoutedRequest, signal: AbortSignal): Promise<number | undefined>;
  /** One call of InvokeModel with a body of the model's own format. @throws ServiceError */
  invoke(target: Target, body: object, signal: AbortSignal): Promise<WholeAnswer>;
  /** Holds text against a guardrail; no model is called. @throws ServiceError */
  applyGuardrail(
    region: Region,
    input: ApplyGuardrailCommandInput,
    signal: AbortSignal,
  ): Promise<ApplyGuardrailCommandOutput>;
  /** Loads what the first call needs: code, credentials, a connection. Never rejects. */
  warm(region: Region): Promise<void>;
  /** Closes every connection; calls in flight fail. */
  close(): void;
}

export interface BedrockClientOptions extends AttemptLimits {
  readonly clock: Clock;
  /** Instead of `firstTokenTimeoutMs`, where targets and requests differ. */
  readonly firstTokenTimeoutMsFor?: (request: RoutedRequest) => number;
  readonly authentication: AuthenticationManager;
  readonly models: Pick<ModelDirectory, 'find'>;
  /** What answers carry as their source. */
  readonly source: 'bedrock' | 'sandbox';
  /** Instead of AWS's own, for every region: AWS_ENDPOINT_URL_BEDROCK_RUNTIME, the sandbox. */
  readonly endpoint?: string;
  readonly connection?: Partial<ConnectionOptions>;
  /** What the operator has set for all calls. Default: nothing. */
  readonly features?: ConverseFeatures;
  /** When models are asked in their own format. Default: where Converse cannot do what is asked. */
  readonly nativeFormats?: NativeMode;
}

export function createBedrockClient(options: BedrockClientOptions): BedrockClient {
  const { authentication, clock, models, source } = options;
  const clients = clientPerRegion(options);
  const { firstTokenTimeoutMsFor, features = { promptCaching: 'off' }, nativeFormats = 'fallback' } = options;
  const watches = createAttemptWatches(clock);
  const attempts = {
    clock,
    watches,
    limits: options,
    errors: createBedrockErrorHandler({ clock }),
    source,
    features,
    nativeFormats,
    ...(firstTokenTimeoutMsFor && { firstTokenTimeoutMsFor }),
  };

  const at = mendedCalls(authentication, clients, attempts.errors);

  return {
    converse: async (request, context) => {
      const model = models.find(request.target.model);
      if (model && !canBeAsked(model, nativeFormats)) throw notConversable(request);
      return at(request.target, context.signal, (client) => runAttempt(attempts, { client, request, model, context }));
    },
    countTokens: async (request, signal) => {
      const input = countInput(request, models.find(request.target.model));
      return input && at(request.target, signal, (client) => client.countTokens(input, signal));
    },
    invoke: (target, body, signal) =>
      at(target, signal, (client) =>
        untilAborted(
          client.invoke({ ...jsonCall, modelId: invocationId(target), body: jsonBytes(body) }, signal),
          signal,
        ),
      ),
    applyGuardrail: (region, input, signal) =>
      at({ region }, signal, (client) => untilAborted(client.applyGuardrail(input, signal), signal)),
    warm: async (region) => {
      const connected = clients.get(region).then((client) => client.warm());
      await Promise.allSettled([connected, authentication.credentials()]);
    },
    close: () => {
      watches.close();
      clients.close();
    },
  };
}

const jsonCall = { contentType: 'application/json', accept: 'application/json' } as const;
const jsonBytes = (body: object) => new TextEncoder().encode(JSON.stringify(body));

/** Runs a call with the client of its region, once more when what stood in its way could be mended. */
function mendedCalls(
  authentication: AuthenticationManager,
  clients: ReturnType<typeof clientPerRegion>,
  errors: BedrockErrorHandler,
) {
  return async <Result>(place: ErrorPlace, signal: AbortSignal, run: (client: RuntimeClient) => Promise<Result>) => {
    if (signal.aborted) throw abortedError(signal);
    const asServiceError = (thrown: unknown) => {
      if (thrown instanceof ServiceError) throw thrown;
      throw signal.aborted ? abortedError(signal) : errors.toServiceError(thrown, place);
    };
    // Nearly always both are at hand; only else there is something to wait for.
    const client =
      clients.ready(place.region) ?? (await untilAborted(clients.get(place.region), signal).catch(asServiceError));
    const used =
      authentication.held() ?? (await untilAborted(authentication.credentials(), signal).catch(asServiceError));
    try {
      return await run(client).catch(asServiceError);
    } catch (error) {
      if (!(await canMend(error, authentication, used, { client, signal }))) throw error;
      return run(client).catch(asServiceError);
    }
  };
}

/** What no retry with the same signature could mend: credentials that ended, a clock that is off. Once for each attempt. */
async function canMend(
  error: unknown,
  authentication: AuthenticationManager,
  used: AwsCredentials,
  { client, signal }: { readonly client: RuntimeClient; readonly signal: AbortSignal },
): Promise<boolean> {
  if (!(error instanceof ServiceError) || error.textHandedOn || signal.aborted) return false;
  if (error.reason === 'clock_skew') return client.correctClock(error.cause);
  if (error.reason !== 'credentials_expired' && error.reason !== 'credentials_invalid') return false;
  if (authentication.bearer() !== undefined) return false;
  return untilAborted(authentication.renew(used), signal).catch(() => false);
}

/** SDK clients, made when first needed: loading the SDK is a large part of the start of this server. */
function clientPerRegion({ authentication, connection, endpoint }: BedrockClientOptions) {
  const clients = new Map<Region, Promise<RuntimeClient>>();
  const made = new Map<Region, RuntimeClient>();
  const create = async (region: Region) => {
    const [{ createRuntimeClient }, { createSdkHandler }] = await Promise.all([
      import('./runtime-client.js'),
      import('./sdk-handler.js'),
    ]);
    const requestHandler = createSdkHandler({ ...connectionDefaults, ...connection });
    const client = createRuntimeClient({
      authentication,
      region,
      requestHandler,
      ...(connection && { connection }),
      ...(endpoint !== undefined && { endpoint }),
    });
    made.set(region, client);
    return client;
  };
  return {
    ready: (region: Region): RuntimeClient | undefined => made.get(region),
    get: (region: Region): Promise<RuntimeClient> => {
      const client = clients.get(region) ?? create(region);
      clients.set(region, client);
      return client;
    },
    close: () => {
      for (const client of clients.values()) client.then((each) => each.destroy()).catch(() => undefined);
      clients.clear();
      made.clear();
    },
  };
}

const canBeAsked = (model: Model, mode: NativeMode): boolean =>
  model.converse || (mode !== 'never' && model.endpoint === undefined && familyOf(model) !== undefined);

function notConversable({ target }: RoutedRequest): ServiceError {
  return new ServiceError('model_unavailable', `${target.model} cannot be asked through the Converse API.`, {
    reason: 'not_supported',
    target,
  });
}
