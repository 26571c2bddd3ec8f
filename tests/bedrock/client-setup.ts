import { createAuthenticationManager } from '../../src/bedrock/authentication-manager.js';
import { type BedrockClientOptions, createBedrockClient } from '../../src/bedrock/bedrock-client.js';
import { connectionDefaults } from '../../src/bedrock/connection-options.js';
import { createRuntimeClient } from '../../src/bedrock/runtime-client.js';
import { createSdkHandler } from '../../src/bedrock/sdk-handler.js';
import { systemClock } from '../../src/core/clock.js';
import { ServiceError } from '../../src/core/errors.js';
import type { Catalogue } from '../../src/core/model.js';
import { type ModelRequest, modelRequest, type RoutedRequest } from '../../src/core/request.js';
import { modelId, profileId, region, type Target } from '../../src/core/target.js';
import { sandboxCredentials } from '../../src/sandbox/credentials.js';

export const nova: Target = {
  model: modelId('amazon.nova-lite-v1:0'),
  region: region('us-east-1'),
  profile: profileId('us.amazon.nova-lite-v1:0'),
};

export const llama: Target = {
  model: modelId('meta.llama3-3-70b-instruct-v1:0'),
  region: region('us-east-1'),
  profile: profileId('us.meta.llama3-3-70b-instruct-v1:0'),
};

export const claude: Target = {
  model: modelId('anthropic.claude-sonnet-4-5-20250929-v1:0'),
  region: region('us-east-1'),
  profile: profileId('us.anthropic.claude-sonnet-4-5-20250929-v1:0'),
};

export const weatherTool = {
  name: 'weather',
  description: 'Weather of a city.',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

/** A routed request as the route stage would make it from the tool's arguments. */
export function routed(
  given: Partial<ModelRequest> & { prompt?: string } = { prompt: 'Hello' },
  target = nova,
): RoutedRequest {
  return { ...modelRequest.parse(given), target, max_tokens: given.max_tokens ?? 200 };
}

/** A client of the sandbox, or of whatever answers at `endpoint`. */
export function clientOf(endpoint: string, catalogue: Catalogue, overrides: Partial<BedrockClientOptions> = {}) {
  const { accessKeyId, secretAccessKey } = sandboxCredentials;
  return createBedrockClient({
    clock: systemClock,
    authentication: createAuthenticationManager({ clock: systemClock, accessKeyId, secretAccessKey }),
    models: { find: (id) => catalogue.models.find((model) => model.id === id) },
    source: 'sandbox',
    endpoint,
    firstTokenTimeoutMs: 5_000,
    idleTimeoutMs: 5_000,
    ...overrides,
  });
}

/** The thin layer over the SDK alone. */
export function runtimeOf(endpoint: string, inRegion = 'us-east-1') {
  const { accessKeyId, secretAccessKey } = sandboxCredentials;
  const authentication = createAuthenticationManager({ clock: systemClock, accessKeyId, secretAccessKey });
  const requestHandler = createSdkHandler(connectionDefaults);
  return createRuntimeClient({ authentication, region: inRegion, requestHandler, endpoint });
}

/** The ServiceError that a call ends with. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  const outcome = await call.then(
    (value) => value,
    (error: unknown) => error,
  );
  if (outcome instanceof ServiceError) return outcome;
  throw new Error('expected a ServiceError', { cause: outcome });
}
