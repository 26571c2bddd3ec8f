import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { BedrockIntegrationService } from '../core/integration-service.js';
import { type Caller, hasScope } from '../core/pipeline.js';
import type { Resource } from './define-resource.js';
import type { ResourceListing, ResourceSurface } from './surface.js';

export interface ResourceSurfaceOptions {
  readonly resources: readonly Resource[];
  readonly service: () => Promise<BedrockIntegrationService>;
  readonly clock: Clock;
}

const isOffered = ({ scope = 'read' }: Resource, caller: Caller): boolean => hasScope(caller, scope);
const longestValue = 128;
const word = /^[\w-]+$/;

const isFamily = ({ uri }: Resource): boolean => uri.endsWith('}');
const familyPrefix = ({ uri }: Resource): string => uri.slice(0, uri.indexOf('{'));

/** What stands for the `{name}`: one plain name, so that no path or pattern ever reaches a store. */
function valueIn(uri: string, resource: Resource): string | undefined {
  if (!isFamily(resource)) return uri === resource.uri ? '' : undefined;
  const prefix = familyPrefix(resource);
  // Clients that fill in a template encode it.
  const value = uri.startsWith(prefix) ? uri.slice(prefix.length).replaceAll(/%3a/gi, ':') : '';
  return value.length <= longestValue && (resource.pattern ?? word).test(value) ? value : undefined;
}

function listed({ uri, name, title, description, mimeType }: Resource): ResourceListing {
  return { uri, name, title, description, mimeType };
}

export function createResourceSurface({ resources, service, clock }: ResourceSurfaceOptions): ResourceSurface {
  const offered = (caller: Caller) => resources.filter((resource) => isOffered(resource, caller));
  return {
    list: async (caller) =>
      offered(caller)
        .filter((resource) => !isFamily(resource))
        .map(listed),
    templates: (caller) =>
      offered(caller)
        .filter(isFamily)
        .map((resource) => {
          const { uri, ...rest } = listed(resource);
          return { uriTemplate: uri, ...rest };
        }),
    read: async (uri, { caller, signal }) => {
      for (const resource of offered(caller)) {
        const value = valueIn(uri, resource);
        if (value === undefined) continue;
        const text = await unlessUnknown(resource.read(value, await service(), { caller, signal, clock }));
        return text === undefined ? undefined : [{ uri, mimeType: resource.mimeType, text }];
      }
      return undefined;
    },
  };
}

/** What a caller may not see is not there, whatever a tool would have said of it. */
async function unlessUnknown(text: Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await text;
  } catch (error) {
    if (error instanceof ServiceError && error.category === 'validation') return undefined;
    throw error;
  }
}

/** What a family's `{name}` can be for this caller. */
export async function resourceValues(
  { resources, service }: ResourceSurfaceOptions,
  uriTemplate: string,
  argument: string,
  caller: Caller,
): Promise<readonly string[]> {
  const family = resources.find(({ uri }) => uri === uriTemplate && uri.endsWith(`{${argument}}`));
  if (!family?.values || !isOffered(family, caller)) return [];
  return family.values(await service(), caller);
}
