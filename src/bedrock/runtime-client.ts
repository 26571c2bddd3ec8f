import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandOutput,
  ConverseStreamCommand,
  type ConverseStreamCommandInput,
  type ConverseStreamOutput,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import { type SdkConfigOptions, sdkConfig } from './sdk-config.js';

/** The SDK's client for one region, as little of it as is used. */
export interface RuntimeClient {
  converse(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<ConverseCommandOutput>;
  /** Resolves when the answer begins. */
  converseStream(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<AsyncIterable<ConverseStreamOutput>>;
  /** After AWS refused our time: takes over the time of its answer. True when that changed something. */
  correctClock(thrown: unknown): boolean;
  /** Opens a connection ahead of the first call. Never rejects. */
  warm(): Promise<void>;
  destroy(): void;
}

/** A difference that AWS would not have refused cannot be the cause. */
const leastSkewMs = 60_000;

export function createRuntimeClient(options: SdkConfigOptions): RuntimeClient {
  const client = new BedrockRuntimeClient(sdkConfig(options));
  return {
    converse: (input, abortSignal) => client.send(new ConverseCommand(input), { abortSignal }),
    converseStream: async (input, abortSignal) => {
      const { stream } = await client.send(new ConverseStreamCommand(input), { abortSignal });
      if (stream) return stream;
      throw new ServiceError('model_error', 'Bedrock answered without a stream.', { reason: 'invalid_answer' });
    },
    correctClock: (thrown) => {
      const date = dateOf(thrown);
      if (Number.isNaN(date)) return false;
      // The SDK signs with the system clock plus this offset, so that is what it has to be measured against.
      const offset = date - Date.now();
      if (Math.abs(offset) < leastSkewMs) return false;
      client.config.systemClockOffset = offset;
      return true;
    },
    warm: async () => {
      const url = options.endpoint === undefined ? await ownEndpoint(client) : new URL(options.endpoint);
      await options.requestHandler.warm(url);
    },
    destroy: () => {
      client.destroy();
    },
  };
}

async function ownEndpoint({ config }: BedrockRuntimeClient): Promise<URL> {
  const [Region, UseFIPS, UseDualStack] = await Promise.all([
    config.region(),
    config.useFipsEndpoint(),
    config.useDualstackEndpoint(),
  ]);
  return config.endpointProvider({ Region, UseFIPS, UseDualStack }).url;
}

/** Milliseconds of the Date header of the answer that an SDK error came with; NaN without one. */
function dateOf(thrown: unknown): number {
  const { $response } = thrown as { $response?: { headers?: Record<string, string> } };
  return Date.parse($response?.headers?.['date'] ?? '');
}
