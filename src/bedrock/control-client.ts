import {
  BedrockClient,
  type FoundationModelSummary,
  GetCustomModelCommand,
  GetCustomModelDeploymentCommand,
  GetFoundationModelAvailabilityCommand,
  type GetFoundationModelAvailabilityCommandOutput,
  GetInferenceProfileCommand,
  GetPromptRouterCommand,
  GetProvisionedModelThroughputCommand,
  type InferenceProfileSummary,
  ListFoundationModelsCommand,
  paginateListInferenceProfiles,
} from '@aws-sdk/client-bedrock';
import type { DescribedArn, ListedModel, ListedProfile } from '../core/model-facts.js';
import type { ModelAvailability } from './control-plane.js';
import { type SdkConfigOptions, sdkConfig } from './sdk-config.js';

/** The SDK's control client for one region, as little of it as is used. */
export interface ControlClient {
  models(signal: AbortSignal): Promise<readonly ListedModel[]>;
  availability(id: string, signal: AbortSignal): Promise<ModelAvailability>;
  profiles(signal: AbortSignal): Promise<readonly ListedProfile[]>;
  describe(arn: string, signal: AbortSignal): Promise<DescribedArn>;
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
    profiles: async (abortSignal) => {
      const found: InferenceProfileSummary[] = [];
      const query = { typeEquals: 'SYSTEM_DEFINED', maxResults: pageSize } as const;
      for await (const page of paginateListInferenceProfiles({ client }, query, { abortSignal })) {
        found.push(...(page.inferenceProfileSummaries ?? []));
        if (found.length >= mostProfiles) break;
      }
      return found.flatMap(listedProfile);
    },
    describe: async (arn, abortSignal) => describedBy(await modelArnsOf(client, arn, { abortSignal })),
    destroy: () => {
      client.destroy();
    },
  };
}

function listedModel(summary: FoundationModelSummary): ListedModel[] {
  const { modelId, modelName, providerName, modelLifecycle, inferenceTypesSupported } = summary;
  if (!modelId) return [];
  const lower = (names: readonly string[] = []) => names.map((name) => name.toLowerCase());
  return [
    {
      id: modelId,
      lifecycle: modelLifecycle?.status ?? 'ACTIVE',
      onDemand: inferenceTypesSupported?.includes('ON_DEMAND') ?? false,
      ...(modelName && { name: modelName }),
      ...(providerName && { provider: providerName }),
      ...(summary.inputModalities && { input: lower(summary.inputModalities) }),
      ...(summary.outputModalities && { output: lower(summary.outputModalities) }),
      streams: summary.responseStreamingSupported === true,
    },
  ];
}

const pageSize = 1_000;
const mostProfiles = 5_000;

function listedProfile({ inferenceProfileId: id, models = [], status }: InferenceProfileSummary): ListedProfile[] {
  if (!id || status !== 'ACTIVE') return [];
  return [{ id, destinations: describedBy(models.map(({ modelArn }) => modelArn)).destinations }];
}

const modelArn = /^arn:aws[a-z-]*:bedrock:(?<region>[a-z0-9-]*):\d*:foundation-model\/(?<id>[^/]+)$/;

/** Base models and regions named by ARNs of foundation models. */
function describedBy(arns: readonly (string | undefined)[]): DescribedArn {
  const matches = arns.map((arn) => modelArn.exec(arn ?? '')?.groups).filter((groups) => groups !== undefined);
  const unique = (name: 'id' | 'region') => [...new Set(matches.map((groups) => groups[name] ?? ''))];
  return { models: unique('id'), destinations: unique('region') };
}

type Arns = readonly (string | undefined)[];

/** The models behind an ARN of the account's own. Those of imported models name no base model. */
async function modelArnsOf(
  client: BedrockClient,
  arn: string,
  options: { readonly abortSignal: AbortSignal },
): Promise<Arns> {
  const kind = /:([a-z-]+)\/[^:]*$/.exec(arn)?.[1];
  switch (kind) {
    case 'application-inference-profile': {
      const command = new GetInferenceProfileCommand({ inferenceProfileIdentifier: arn });
      return ((await client.send(command, options)).models ?? []).map((model) => model.modelArn);
    }
    case 'provisioned-model': {
      const command = new GetProvisionedModelThroughputCommand({ provisionedModelId: arn });
      return [(await client.send(command, options)).foundationModelArn];
    }
    case 'custom-model':
      return [(await client.send(new GetCustomModelCommand({ modelIdentifier: arn }), options)).baseModelArn];
    case 'custom-model-deployment': {
      const command = new GetCustomModelDeploymentCommand({ customModelDeploymentIdentifier: arn });
      const { modelArn: customModel } = await client.send(command, options);
      return customModel === undefined ? [] : modelArnsOf(client, customModel, options);
    }
    case 'prompt-router':
    case 'default-prompt-router':
      return routedModels(client, arn, options);
    default:
      return [];
  }
}

/** The fallback model first, because that is what answers in case of doubt; others may be profiles of models. */
async function routedModels(client: BedrockClient, arn: string, options: { readonly abortSignal: AbortSignal }) {
  const { fallbackModel, models = [] } = await client.send(
    new GetPromptRouterCommand({ promptRouterArn: arn }),
    options,
  );
  const targets = [fallbackModel?.modelArn, ...models.map((model) => model.modelArn)];
  const expanded = targets.map(async (target): Promise<Arns> => {
    if (!target?.includes(':inference-profile/')) return [target];
    const command = new GetInferenceProfileCommand({ inferenceProfileIdentifier: target });
    return ((await client.send(command, options)).models ?? []).map((model) => model.modelArn);
  });
  return (await Promise.all(expanded)).flat();
}

function availabilityOf(answer: GetFoundationModelAvailabilityCommandOutput): ModelAvailability {
  const agreement = answer.agreementAvailability?.status === 'AVAILABLE';
  const authorized = answer.authorizationStatus === 'AUTHORIZED';
  const entitled = answer.entitlementAvailability === 'AVAILABLE';
  const inRegion = answer.regionAvailability === 'AVAILABLE';
  return { agreement, authorized, entitled, inRegion, callable: agreement && authorized && entitled && inRegion };
}
