import type { Catalogue, Model } from '../core/model.js';
import { invalid, type Refusal, refuse } from './aws-error.js';
import { geographyServes, hasEnded } from './catalogue-rules.js';
import type { CallFacts } from './match.js';
import { lifecycleOf, nowMs, type SandboxState } from './state.js';

/** Account number in the ARNs of the sandbox. */
const account = '000000000000';
const defaultPage = 100;
const mostPerPage = 1_000;

const wordOf: Readonly<Record<string, string>> = {
  text: 'TEXT',
  image: 'IMAGE',
  embedding: 'EMBEDDING',
  video: 'VIDEO',
};
const modalities = (names: readonly string[]): readonly string[] => [
  ...new Set(names.flatMap((name) => wordOf[name] ?? [])),
];

const isoDate = (date: string | undefined): string | undefined =>
  date === undefined || Number.isNaN(Date.parse(date)) ? undefined : new Date(date).toISOString();

function lifecycle(model: Model): object {
  const { status, launch, legacy, extendedAccess, eol } = model.lifecycle;
  return {
    status: status === 'LEGACY' ? 'LEGACY' : 'ACTIVE',
    startOfLifeTime: isoDate(launch),
    legacyTime: isoDate(legacy),
    publicExtendedAccessTime: isoDate(extendedAccess),
    endOfLifeTime: isoDate(eol),
  };
}

const modelArn = (region: string, id: string): string => `arn:aws:bedrock:${region}::foundation-model/${id}`;

function modelSummary(model: Model, region: string): object {
  return {
    modelArn: modelArn(region, model.id),
    modelId: model.id,
    modelName: model.name ?? model.id,
    providerName: model.provider,
    inputModalities: modalities(model.input),
    outputModalities: modalities(model.output),
    responseStreamingSupported: model.converseStream,
    customizationsSupported: [],
    inferenceTypesSupported: model.requiresProfile === true ? ['INFERENCE_PROFILE'] : ['ON_DEMAND'],
    modelLifecycle: lifecycle(model),
  };
}

function callableModels(state: SandboxState, region: string): readonly Model[] {
  const now = nowMs(state);
  const models = state.catalogue.models.filter((model) => !model.endpoint).map(lifecycleOf(state.access));
  return models.filter((model) => !hasEnded(model, region, now));
}

function listModels(state: SandboxState, region: string, query: URLSearchParams): object {
  const provider = query.get('byProvider')?.toLowerCase();
  const output = query.get('byOutputModality');
  const inferenceType = query.get('byInferenceType');
  const wanted = callableModels(state, region)
    .filter((model) => provider === undefined || model.provider.toLowerCase() === provider)
    .filter((model) => output === null || modalities(model.output).includes(output))
    .filter((model) => inferenceType !== 'ON_DEMAND' || model.requiresProfile !== true);
  return { modelSummaries: wanted.map((model) => modelSummary(model, region)) };
}

interface Profile {
  readonly id: string;
  readonly geography: string;
  readonly model: Model;
}

function destinations(catalogue: Catalogue, geography: string, region: string): readonly string[] {
  if (geography === 'global') return ['', region];
  const listed = catalogue.geographies[geography];
  return Array.isArray(listed) ? listed : [region];
}

function profileSummary(catalogue: Catalogue, { id, geography, model }: Profile, region: string): object {
  const name = model.name ?? model.id;
  const created = isoDate(model.lifecycle.launch) ?? '2026-01-01T00:00:00.000Z';
  return {
    inferenceProfileName: `${geography.toUpperCase()} ${name}`,
    description: `Routes requests to ${name} in ${geography}.`,
    inferenceProfileArn: `arn:aws:bedrock:${region}:${account}:inference-profile/${id}`,
    models: destinations(catalogue, geography, region).map((to) => ({ modelArn: modelArn(to, model.id) })),
    inferenceProfileId: id,
    status: 'ACTIVE',
    type: 'SYSTEM_DEFINED',
    createdAt: created,
    updatedAt: created,
  };
}

function profilesIn(state: SandboxState, region: string): readonly Profile[] {
  return callableModels(state, region).flatMap((model) =>
    Object.entries(model.profiles)
      .filter(([geography]) => geographyServes(state.catalogue, geography, region))
      .map(([geography, id]) => ({ id, geography, model })),
  );
}

function listProfiles(state: SandboxState, region: string, query: URLSearchParams): object | Refusal {
  const size = Number(query.get('maxResults') ?? defaultPage);
  if (!Number.isInteger(size) || size < 1 || size > mostPerPage) {
    return invalid(
      `1 validation error detected: Value at 'maxResults' failed to satisfy constraint: 1 to ${mostPerPage}`,
    );
  }
  const token = query.get('nextToken');
  const from = token === null ? 0 : Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(from) || from < 0) return invalid('The provided token is invalid.');
  const all = query.get('type') === 'APPLICATION' ? [] : profilesIn(state, region);
  const page = all.slice(from, from + size);
  return {
    inferenceProfileSummaries: page.map((profile) => profileSummary(state.catalogue, profile, region)),
    ...(from + size < all.length ? { nextToken: Buffer.from(String(from + size)).toString('base64url') } : {}),
  };
}

function getProfile(state: SandboxState, region: string, id: string): object | Refusal {
  const wanted = id.startsWith('arn:') ? id.slice(id.lastIndexOf('/') + 1) : id;
  const profile = profilesIn(state, region).find((entry) => entry.id === wanted);
  if (!profile) return refuse('ResourceNotFoundException', `Inference profile ${id} was not found.`);
  return profileSummary(state.catalogue, profile, region);
}

function getAvailability(state: SandboxState, region: string, id: string): object | Refusal {
  const named = state.names.find(id);
  if (!named || named.geography !== undefined) return invalid('The provided model identifier is invalid.');
  const model = lifecycleOf(state.access)(named.model);
  const denied = state.access.of(model.id)?.access === 'denied';
  const ended = hasEnded(model, region, nowMs(state));
  return {
    modelId: model.id,
    agreementAvailability: { status: denied ? 'NOT_AVAILABLE' : 'AVAILABLE' },
    authorizationStatus: denied ? 'NOT_AUTHORIZED' : 'AUTHORIZED',
    entitlementAvailability: denied ? 'NOT_AVAILABLE' : 'AVAILABLE',
    regionAvailability: ended ? 'NOT_AVAILABLE' : 'AVAILABLE',
  };
}

/** Answers the read operations of the control plane, in the shapes of the `bedrock` service. */
export function answerControlPlane(state: SandboxState, facts: CallFacts, query: string): object | Refusal {
  const { region, requestedId = '' } = facts;
  switch (facts.operation) {
    case 'ListFoundationModels':
      return listModels(state, region, new URLSearchParams(query));
    case 'ListInferenceProfiles':
      return listProfiles(state, region, new URLSearchParams(query));
    case 'GetInferenceProfile':
      return getProfile(state, region, requestedId);
    case 'GetFoundationModelAvailability':
      return getAvailability(state, region, requestedId);
    default:
      return refuse('UnknownOperationException');
  }
}
