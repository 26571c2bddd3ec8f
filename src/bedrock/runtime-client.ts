import {
  ApplyGuardrailCommand,
  type ApplyGuardrailCommandInput,
  type ApplyGuardrailCommandOutput,
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandOutput,
  ConverseStreamCommand,
  type ConverseStreamCommandInput,
  type ConverseStreamOutput,
  CountTokensCommand,
  type CountTokensCommandInput,
  InvokeModelCommand,
  type InvokeModelCommandInput,
  InvokeModelWithResponseStreamCommand,
  type ResponseStream,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import { connectionDefaults } from './connection-options.js';
import { eventReader } from './event-reader.js';
import type { WholeAnswer } from './families/native-answer.js';
import { type SdkConfigOptions, sdkConfig } from './sdk-config.js';

/** The SDK's client for one region, as little of it as is used. */
export interface RuntimeClient {
  converse(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<ConverseCommandOutput>;
  /** Resolves when the answer begins. */
  converseStream(input: ConverseStreamCommandInput, signal: AbortSignal): Promise<AsyncIterable<ConverseStreamOutput>>;
  /** A model in its own format. The SDK drops the headers, which is where the counts are. */
  invoke(input: InvokeModelCommandInput, signal: AbortSignal): Promise<WholeAnswer>;
  /** Resolves when the answer begins; brings the bytes of each chunk. */
  invokeStream(input: InvokeModelCommandInput, signal: AbortSignal): Promise<AsyncIterable<Uint8Array | undefined>>;
  /** Free of charge; base ids only. */
  countTokens(input: CountTokensCommandInput, signal: AbortSignal): Promise<number | undefined>;
  /** Holds text against a guardrail; no model is called. */
  applyGuardrail(input: ApplyGuardrailCommandInput, signal: AbortSignal): Promise<ApplyGuardrailCommandOutput>;
  /** True when the request that the signal ends has left this machine. */
  wasSent(signal: AbortSignal): boolean;
  /** After AWS refused our time: takes over the time of its answer. True when that changed something. */
  correctClock(thrown: unknown): boolean;
  /** Opens a connection ahead of the first call. Never rejects. */
  warm(): Promise<void>;
  destroy(): void;
}

/** A difference that AWS would not have refused cannot be the cause. */
const leastSkewMs = 60_000;

export function createRuntimeClient(options: SdkConfigOptions): RuntimeClient {
  const client = new BedrockRuntimeClient({
    ...sdkConfig(options),
    eventStreamSerdeProvider: eventReader(options.connection?.maxAnswerBytes ?? connectionDefaults.maxAnswerBytes),
  });
  return {
    converse: (input, abortSignal) => client.send(new ConverseCommand(input), { abortSignal }),
    converseStream: async (input, abortSignal) => {
      const { stream } = await client.send(new ConverseStreamCommand(input), { abortSignal });
      return stream ?? withoutStream();
    },
    invoke: async (input, abortSignal) => {
      const command = new InvokeModelCommand(input);
      let headers: Readonly<Record<string, string>> = {};
      command.middlewareStack.add(
        (next) => async (given) => {
          const result = await next(given);
          headers = (result.response as { headers?: Record<string, string> }).headers ?? {};
          return result;
        },
        { step: 'deserialize' },
      );
      const { body } = await client.send(command, { abortSignal });
      return { body, headers };
    },
    invokeStream: async (input, abortSignal) => {
      const { body } = await client.send(new InvokeModelWithResponseStreamCommand(input), { abortSignal });
      return chunksOf(body ?? withoutStream());
    },
    countTokens: async (input, abortSignal) =>
      (await client.send(new CountTokensCommand(input), { abortSignal })).inputTokens,
    applyGuardrail: (input, abortSignal) => client.send(new ApplyGuardrailCommand(input), { abortSignal }),
    wasSent: (signal) => options.requestHandler.wasSent(signal),
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

function withoutStream(): never {
  throw new ServiceError('model_error', 'Bedrock answered without a stream.', { reason: 'invalid_answer' });
}

async function* chunksOf(stream: AsyncIterable<ResponseStream>): AsyncGenerator<Uint8Array | undefined> {
  for await (const { chunk } of stream) if (chunk) yield chunk.bytes;
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
