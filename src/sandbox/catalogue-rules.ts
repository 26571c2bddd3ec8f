import type { Catalogue, Model } from '../core/model.js';
import { invalid, isRefusal, type Refusal, refuse } from './aws-error.js';

/** What an id that a caller sent stands for. */
export interface Served {
  readonly model: Model;
  /** As the caller sent it. */
  readonly requestedId: string;
  readonly region: string;
}

interface Name {
  readonly model: Model;
  /** Geography prefix when the id is that of an inference profile. */
  readonly geography?: string;
}

const wholeContinent: Readonly<Record<string, string>> = { us: 'us-', eu: 'eu-', apac: 'ap-' };

/** Whether a profile of this geography can be called from the region. */
export function geographyServes(catalogue: Catalogue, geography: string, region: string): boolean {
  if (geography === 'global') return catalogue.regions.commercial.includes(region);
  const listed = catalogue.geographies[geography];
  if (Array.isArray(listed) && listed.includes(region)) return true;
  const start = wholeContinent[geography];
  return start !== undefined && region.startsWith(start) && catalogue.regions.commercial.includes(region);
}

/** Whether the service has ended for this model at that time in that region. */
export function hasEnded(model: Model, region: string, nowMs: number): boolean {
  if (model.lifecycle.status === 'EOL') return true;
  const byRegion = model.lifecycle.eolByRegion;
  const end = byRegion?.[region] ?? byRegion?.['other'] ?? model.lifecycle.eol;
  return end !== undefined && Date.parse(end) <= nowMs;
}

function indexNames(catalogue: Catalogue): ReadonlyMap<string, Name> {
  const names = new Map<string, Name>();
  for (const model of catalogue.models) {
    if (model.endpoint) continue;
    names.set(model.id, { model });
    for (const [geography, id] of Object.entries(model.profiles)) names.set(id, { model, geography });
  }
  return names;
}

/** The id inside an ARN of a foundation model or of a system inference profile; any other text as it is. */
function idOf(requestedId: string): string {
  return (
    /^arn:aws[\w-]*:bedrock:[\w-]*:\d*:(?:foundation-model|inference-profile)\/(.+)$/.exec(requestedId)?.[1] ??
    requestedId
  );
}

function endedRefusal(): Refusal {
  return refuse(
    'ResourceNotFoundException',
    'This model version has reached the end of its life. Please refer to the AWS documentation for more details.',
  );
}

function needsProfileRefusal(id: string): Refusal {
  return invalid(
    `Invocation of model ID ${id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.`,
  );
}

export interface CatalogueRules {
  /** The model of an id in a region, or AWS's refusal when there is none or its life has ended. */
  resolve(requestedId: string, region: string, nowMs: number): Served | Refusal;
  /** The same for invoking it, which some models refuse under their base id. */
  resolveToInvoke(requestedId: string, region: string, nowMs: number): Served | Refusal;
  /** The row of a base id or profile id, whatever its state. */
  find(id: string): Name | undefined;
}

export function createCatalogueRules(
  catalogue: Catalogue,
  lifecycleOf: (model: Model) => Model = (model) => model,
): CatalogueRules {
  const names = indexNames(catalogue);
  const invalidId = () => invalid('The provided model identifier is invalid.');

  function resolve(requestedId: string, region: string, nowMs: number): Served | Refusal {
    const name = names.get(idOf(requestedId));
    if (!name) return invalidId();
    const { geography } = name;
    if (geography !== undefined && !geographyServes(catalogue, geography, region)) return invalidId();
    const model = lifecycleOf(name.model);
    if (hasEnded(model, region, nowMs)) return endedRefusal();
    return { model, requestedId, region };
  }

  function resolveToInvoke(requestedId: string, region: string, nowMs: number): Served | Refusal {
    const served = resolve(requestedId, region, nowMs);
    if (isRefusal(served) || served.model.requiresProfile !== true) return served;
    return names.get(idOf(requestedId))?.geography === undefined ? needsProfileRefusal(served.model.id) : served;
  }

  return { resolve, resolveToInvoke, find: (id) => names.get(idOf(id)) };
}
