import type { Clock } from '../core/clock.js';
import { abortedError, ServiceError } from '../core/errors.js';
import type { ModelFactsSource } from '../core/model-facts.js';
import type { ModelId, Region } from '../core/target.js';
import type { AuthenticationManager } from './authentication-manager.js';
import { type ConnectionOptions, connectionDefaults } from './connection-options.js';
import type { ControlClient } from './control-client.js';
import { createBedrockErrorHandler } from './error-handler.js';
import { untilAborted } from './time-limit.js';

/** Whether the account may call a model; each flag as AWS says, and `callable` when nothing is missing. */
export interface ModelAvailability {
  readonly agreement: boolean;
  readonly authorized: boolean;
  readonly entitled: boolean;
  readonly inRegion: boolean;
  readonly callable: boolean;
}

/** What AWS itself says about models. Asks no model and costs nothing. */
export interface ControlPlane extends ModelFactsSource {
  modelAvailability(id: ModelId, region: Region, signal: AbortSignal): Promise<ModelAvailability>;
  close(): void;
}

export interface ControlPlaneOptions {
  readonly clock: Clock;
  readonly authentication: AuthenticationManager;
  /** Instead of AWS's own: AWS_ENDPOINT_URL_BEDROCK, the sandbox. */
  readonly endpoint?: string;
  readonly connection?: Partial<ConnectionOptions>;
}

/** A list of models must not take longer; whoever asks is waiting for a health answer. */
const callLimitMs = 10_000;

export function createControlPlane(options: ControlPlaneOptions): ControlPlane {
  const { authentication, connection, endpoint } = options;
  const errors = createBedrockErrorHandler(options);
  const clients = new Map<Region, Promise<ControlClient>>();

  // The SDK's control client is large and seldom needed, so it is loaded at the first use.
  const create = async (region: Region) => {
    const [{ createControlClient }, { createSdkHandler }] = await Promise.all([
      import('./control-client.js'),
      import('./sdk-handler.js'),
    ]);
    const requestHandler = createSdkHandler({ ...connectionDefaults, socketTimeoutMs: callLimitMs, ...connection });
    return createControlClient({
      authentication,
      region,
      requestHandler,
      ...(connection && { connection }),
      ...(endpoint !== undefined && { endpoint }),
    });
  };
  const clientFor = (region: Region) => {
    const client = clients.get(region) ?? create(region);
    clients.set(region, client);
    return client;
  };
  const ask = async <Answer>(region: Region, signal: AbortSignal, work: (client: ControlClient) => Promise<Answer>) => {
    try {
      const [client] = await untilAborted(Promise.all([clientFor(region), authentication.credentials()]), signal);
      return await untilAborted(work(client), signal);
    } catch (thrown) {
      throw signal.aborted ? abortedError(signal) : errors.toServiceError(thrown, { region });
    }
  };

  return {
    listFoundationModels: (region, signal) => ask(region, signal, (client) => client.models(signal)),
    modelAvailability: (id, region, signal) => ask(region, signal, (client) => client.availability(id, signal)),
    listInferenceProfiles: (region, signal) => ask(region, signal, (client) => client.profiles(signal)),
    describe: async (arn, region, signal) => {
      const described = await ask(region, signal, (client) => client.describe(arn, signal));
      if (described.models.length > 0) return described;
      throw new ServiceError('validation', 'AWS names no base model for this ARN.', { reason: 'wrong_model_id' });
    },
    close: () => {
      for (const client of clients.values()) client.then((made) => made.destroy()).catch(() => undefined);
      clients.clear();
    },
  };
}
