import {
  BedrockClient,
  type FoundationModelSummary,
  GetFoundationModelAvailabilityCommand,
  type GetFoundationModelAvailabilityCommandOutput,
  ListFoundationModelsCommand,
} from '@aws-sdk/client-bedrock';
import type { ListedModel, ModelAvailability } from './control-plane.js';
import { type SdkConfigOptions, sdkConfig } from './sdk-config.js';

/** The SDK's control client for one region, as little of it as is used. */
export interface ControlClient {
  models(signal: AbortSignal): Promise<readonly ListedModel[]>;
  availability(id: string, signal: AbortSignal): Promise<ModelAvailability>;
  destroy(): void;
}

export function createControlClient(options: SdkConfigOptions): ControlClient {
  const client = new BedrockClient(sdkConfig(options));
  return {
    models: async (abortSignal) => {
      const { modelSummaries = [] } = await client.send(new ListFoundationModelsCommand({}), { abortSignal });
      return modelSummaries.flatMap(listedModel);
    },
    availability: async (modelId, abortSignal) => {
      return availabilityOf(await client.send(new GetFoundationModelAvailabilityCommand({ modelId }), { abortSignal }));
    },
    destroy: () => {
      client.destroy();
    },
  };
}

function listedModel({ modelId, modelLifecycle, inferenceTypesSupported }: FoundationModelSummary): ListedModel[] {
  if (!modelId) return [];
  const onDemand = inferenceTypesSupported?.includes('ON_DEMAND') ?? false;
  return [{ id: modelId, lifecycle: modelLifecycle?.status ?? 'ACTIVE', onDemand }];
}

function availabilityOf(answer: GetFoundationModelAvailabilityCommandOutput): ModelAvailability {
  const agreement = answer.agreementAvailability?.status === 'AVAILABLE';
  const authorized = answer.authorizationStatus === 'AUTHORIZED';
  const entitled = answer.entitlementAvailability === 'AVAILABLE';
  const inRegion = answer.regionAvailability === 'AVAILABLE';
  return { agreement, authorized, entitled, inRegion, callable: agreement && authorized && entitled && inRegion };
}
