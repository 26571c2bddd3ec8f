import { distance } from 'fastest-levenshtein';
import { ServiceError } from '../core/errors.js';
import type { Catalogue, Model } from '../core/model.js';
import type { ModelDirectory, ResolvedModel } from '../core/ports.js';
import { profileId, type Region } from '../core/target.js';
import { aliasEntries, nameKey } from './catalogue/aliases.js';
import { isRetired, livingSuccessors } from './catalogue/successors.js';
import { type ModelReference, parseReference } from './model-reference.js';
import { createModelView, type ModelView, type ModelViewOptions, withLiveLifecycle } from './model-view.js';
import { type ResidencyPolicy, residencyPolicy } from './residency-policy.js';
import { chooseTargets, modelRefusal, retiredOn } from './target-choice.js';
import { unlistedModels } from './unlisted-models.js';

export interface ModelManagerOptions extends ModelViewOptions {
  readonly catalogue: Catalogue;
  /** The first is preferred. */
  readonly regions: readonly Region[];
  /** Profile prefixes allowed (us, eu, …, global). Unset: those the region lies in. */
  readonly geographies?: readonly string[];
}

export interface ModelManager extends ModelDirectory {
  /** Grows whenever targets may have changed; who keeps them has to ask anew then. */
  revision(): number;
}

interface Names {
  readonly models: readonly Model[];
  readonly index: NameIndex;
  readonly policy: ResidencyPolicy;
  readonly view: ModelView;
}

interface NameIndex {
  readonly byId: ReadonlyMap<string, Model>;
  readonly byProfile: ReadonlyMap<string, Model>;
  /** Models an alias or a catalogue name stands for, the preferred first. */
  readonly byName: ReadonlyMap<string, readonly Model[]>;
}

const nearestShown = 5;
const nameLengthCompared = 100;

/** Knows which names stand for which model, and where the operator's settings let it be called. */
export function createModelManager(options: ModelManagerOptions): ModelManager {
  const { live, rotation, arns } = options;
  const policy = residencyPolicy(options);
  const view = createModelView(options);
  let built: { readonly at: number; readonly names: Names } | undefined;
  /** Names, and the models behind them, as AWS last said they are. */
  const current = (): Names => {
    const at = live?.revision() ?? 0;
    if (built?.at !== at) {
      const { catalogue, regions } = options;
      const known = catalogue.models.map((model) => withLiveLifecycle(model, regions[0], live));
      const models = [...known, ...unlistedModels(known, regions, live)];
      built = { at, names: { models, index: indexNames(models), policy, view } };
    }
    return built.names;
  };
  return {
    all: () => current().models,
    find: (id) => current().index.byId.get(id),
    resolve: (name) => {
      const names = current();
      const reference = parseReference(name);
      if (reference.ownArn !== undefined) return resolveOwn(reference.ownArn, reference, names, arns);
      const named = lookUp(reference, names);
      if (named === undefined) throw unknownModel(name, names.index);
      return withSuccessor(named, names);
    },
    aliases: () => aliasEntries.map(([alias]) => alias),
    targetsOf: (resolved) => chooseTargets(resolved, policy, view),
    revision: () => (live?.revision() ?? 0) + (rotation?.revision() ?? 0),
  };
}

/** The base model behind an ARN of the account's own, to be called under the ARN. */
function resolveOwn(
  arn: string,
  { region }: ModelReference,
  names: Names,
  arns: ModelManagerOptions['arns'],
): ResolvedModel {
  const [base] = arns?.find(arn)?.models ?? [];
  const model = base === undefined ? undefined : lookUp({ id: base }, names)?.model;
  if (model === undefined) {
    const what = base === undefined ? 'It is not known which model this ARN stands for' : `${base} is not known here`;
    throw new ServiceError('validation', `${what}.`, {
      reason: 'wrong_model_id',
      remedy:
        'The operator has to name its base model in BEDROCK_MODEL_ARNS, such as ' +
        '{"<arn>":"amazon.nova-lite-v1:0"}; or give a model id such as us.amazon.nova-lite-v1:0.',
    });
  }
  return { model, profile: profileId(arn), ...(region !== undefined && { region }) };
}

function indexNames(models: readonly Model[]): NameIndex {
  const byId = new Map(models.map((model) => [model.id, model]));
  const byProfile = new Map(models.flatMap((model) => Object.values(model.profiles).map((id) => [id, model] as const)));
  const byName = new Map<string, readonly Model[]>();
  const usableFirst = models.toSorted((left, right) => Number(isOutOfReach(left)) - Number(isOutOfReach(right)));
  for (const model of usableFirst) {
    const key = nameKey(model.name ?? model.id);
    byName.set(key, [...(byName.get(key) ?? []), model]);
  }
  for (const [alias, ids] of aliasEntries) {
    byName.set(
      nameKey(alias),
      ids.flatMap((id) => byId.get(id) ?? []),
    );
  }
  return { byId, byProfile, byName };
}

const isOutOfReach = (model: Model): boolean => modelRefusal(model) !== undefined;

function lookUp(reference: ModelReference, names: Names): ResolvedModel | undefined {
  const { index } = names;
  const { id, region } = reference;
  const place = region === undefined ? {} : { region };
  const model = index.byId.get(id) ?? index.byId.get(id.toLowerCase());
  if (model) return { model, ...place };
  const profiled = index.byProfile.get(id) ?? index.byProfile.get(id.toLowerCase());
  if (profiled) return { model: profiled, profile: profileId(id.toLowerCase()), ...place };
  const meant = index.byName.get(nameKey(id))?.map((candidate) => ({ model: candidate, ...place })) ?? [];
  return meant.find((candidate) => isCallable(candidate, names)) ?? meant[0];
}

const isCallable = (resolved: ResolvedModel, { policy, view }: Names): boolean =>
  chooseTargets(resolved, policy, view).targets.length > 0;

/** Lets a successor stand in for a retired model, in the geography that was asked for if one was. */
function withSuccessor(resolved: ResolvedModel, names: Names): ResolvedModel {
  const { index } = names;
  const { model } = resolved;
  if (model.kind !== 'chat' || model.endpoint !== undefined) {
    throw new ServiceError('validation', modelRefusal(model) ?? '', { reason: 'not_supported' });
  }
  if (!isRetired(model)) return resolved;
  const heirs = livingSuccessors(model, (id) => index.byId.get(id)).flatMap(
    (heir) => inheritPlace(resolved, heir) ?? [],
  );
  const heir = heirs.find((candidate) => isCallable(candidate, names)) ?? heirs[0];
  if (heir === undefined) throw new ServiceError('model_unavailable', retirement(model), { reason: 'end_of_life' });
  return { ...heir, notice: `${retirement(model)}; its successor ${heir.model.id} answers.` };
}

const retirement = (model: Model): string => `${model.id} was retired${retiredOn(model)}`;

function inheritPlace(resolved: ResolvedModel, heir: Model): ResolvedModel | undefined {
  const { model, profile, region } = resolved;
  const place = region === undefined ? {} : { region };
  if (profile === undefined) return { model: heir, ...place };
  const geography = profile.slice(0, -model.id.length - 1);
  const inherited = heir.profiles[geography];
  return inherited === undefined ? undefined : { model: heir, profile: profileId(inherited), ...place };
}

function unknownModel(name: string, index: NameIndex): ServiceError {
  const shown = JSON.stringify(name.slice(0, nameLengthCompared));
  return new ServiceError('validation', `No model is called ${shown}.`, {
    reason: 'unknown_model',
    remedy: `Nearest names: ${nearestNames(name, index).join(', ')}. \`bedrock_models\` lists all of them.`,
  });
}

function nearestNames(name: string, index: NameIndex): readonly string[] {
  const wanted = name.slice(0, nameLengthCompared).toLowerCase();
  const callable = [...index.byId.values()].filter((model) => !isOutOfReach(model)).map((model) => model.id);
  const known = [...callable, ...aliasEntries.map(([alias]) => alias)];
  // An id is also compared without its provider, because that is the part people leave out.
  const farness = (known: string) =>
    Math.min(distance(wanted, known), distance(wanted, known.replace(/^[a-z0-9]+\./, '')));
  return known
    .map((candidate) => ({ candidate, far: farness(candidate) }))
    .toSorted((left, right) => left.far - right.far || left.candidate.localeCompare(right.candidate))
    .slice(0, nearestShown)
    .map(({ candidate }) => candidate);
}
