import type { BedrockIntegrationService } from '../../src/core/integration-service.js';

/** Short names first, then the ids of the models that can be called here. */
export async function modelNames(service: BedrockIntegrationService): Promise<readonly string[]> {
  const models = (await service.models({})).filter(({ targets }) => targets.length > 0);
  return [...service.aliases(), ...models.map(({ model }) => model.id)];
}
