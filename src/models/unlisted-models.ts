import { type Model, modelSchema } from '../core/model.js';
import type { ListedModel, ListedProfile } from '../core/model-facts.js';
import type { Region } from '../core/target.js';
import type { LiveFacts } from './live-facts.js';

/*
 * Models that AWS lists and the catalogue lacks: as much as AWS says of them. They are never chosen, because nobody knows
 * what they cost or can do; a caller who names one may use it.
 */

export function unlistedModels(
  known: readonly Model[],
  regions: readonly Region[],
  live: Pick<LiveFacts, 'of'> | undefined,
): readonly Model[] {
  const knownIds = new Set(known.map(({ id }) => id));
  const found = new Map<string, { readonly listed: ListedModel; readonly profiles: Map<string, string> }>();
  for (const { models, profiles } of regions.flatMap((region) => live?.of(region) ?? [])) {
    for (const listed of models?.values() ?? []) {
      if (knownIds.has(listed.id)) continue;
      const entry = found.get(listed.id) ?? { listed, profiles: new Map<string, string>() };
      found.set(listed.id, entry);
      for (const [geography, id] of profilesOf(listed.id, profiles)) entry.profiles.set(geography, id);
    }
  }
  return [...found.values()].map(({ listed, profiles }) => rowOf(listed, profiles, known));
}

function profilesOf(id: string, profiles: ReadonlyMap<string, ListedProfile> = new Map()) {
  return [...profiles.keys()]
    .filter((profile) => profile.endsWith(`.${id}`))
    .map((profile) => [profile.slice(0, -id.length - 1), profile] as const)
    .filter(([geography]) => /^[a-z-]{2,16}$/.test(geography));
}

function rowOf(listed: ListedModel, profiles: ReadonlyMap<string, string>, known: readonly Model[]): Model {
  const { id, name, provider, input = ['text'], output = ['text'], streams = false } = listed;
  const kind = kindOf(input, output);
  return modelSchema.parse({
    id,
    ...(name !== undefined && { name }),
    // Ids of base models begin with their provider, in the word that the catalogue has for it.
    provider: id.split('.', 1)[0] ?? provider ?? id,
    family: familyOf(id, known),
    kind,
    lifecycle: { status: listed.lifecycle === 'LEGACY' ? 'LEGACY' : 'ACTIVE' },
    callable: null,
    profiles: Object.fromEntries(profiles),
    requiresProfile: !listed.onDemand,
    input,
    output,
    converse: kind === 'chat',
    converseStream: kind === 'chat' && streams,
    origin: 'aws',
  });
}

function kindOf(input: readonly string[], output: readonly string[]): Model['kind'] {
  if (output.includes('embedding')) return 'embedding';
  if (output.includes('text')) return 'chat';
  if (output.includes('video')) return 'video';
  if (output.includes('speech') || output.includes('audio')) return 'speech';
  return input.includes('image') ? 'image-edit' : 'image';
}

/** That of the known model whose id is most like it, as far as it goes beyond the provider; else a family of its own. */
function familyOf(id: string, known: readonly Model[]): string {
  let best = { length: id.indexOf('.') + 3, family: id.split('.', 1)[0] ?? id };
  for (const model of known) {
    const length = commonStart(id, model.id);
    if (length > best.length) best = { length, family: model.family };
  }
  return best.family;
}

function commonStart(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length += 1;
  return length;
}
