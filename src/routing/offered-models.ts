import { mediaKinds } from '../core/content-blocks.js';
import type { ModelRequest, Task } from '../core/request.js';
import type { Classification, ComplexityLevel, Exclusion } from '../core/routing.js';
import type { AllowedModels } from './caller-limits.js';
import { type Demands, defaultMaxTokens, unfitReason } from './candidate-filters.js';
import type { ModelPool, PoolEntry } from './model-pool.js';
import { priorQuality, strengthOf } from './quality-priors.js';
import { preferencesFor } from './utility.js';

/** A model to consider, with its place among the preferred ones if it has any. */
export interface OfferedModel extends PoolEntry {
  readonly preference: number | undefined;
  /** Place among the models to try when the chosen one fails, from 0. */
  readonly fallback: number | undefined;
  /** Quality expected for this task and complexity before any rating. */
  readonly prior: number;
}

export interface Offer {
  readonly pool: ModelPool;
  readonly request: ModelRequest;
  readonly classification: Classification;
  readonly demands: Demands;
  /** The model asked for. */
  readonly asked: PoolEntry | undefined;
  /** The only models that may be offered; undefined: any. */
  readonly allowed: AllowedModels | undefined;
  /** Models of a split by weight. */
  readonly split: readonly PoolEntry[];
}

/** Below it, the classifier is wrong too often to let it pick a specialist. */
const confidenceGate = 0.5;
const picksOfCatalogue = 3;
/** From a request of this complexity on, a weaker model is not offered to save money. */
const leastStrength: Readonly<Record<ComplexityLevel, number>> = { simple: 0.45, medium: 0.6, complex: 0.73 };
const typicalTokens = { input: 500, output: 600 };

export const isUnsure = (request: ModelRequest, { confidence }: Classification): boolean =>
  request.task === undefined && confidence < confidenceGate;

/** Models to consider, the preferred first, each once; the tail leads to other providers should a whole one fail. */
function offeredModels(offer: Offer): readonly OfferedModel[] {
  const { pool, request, classification, asked, allowed, split } = offer;
  const { task, complexity } = classification;
  const priorOf = ({ model }: PoolEntry, preference?: number) =>
    priorQuality(model, task, complexity.level, preference);
  if (asked && request.fallback === false) {
    return [{ ...asked, preference: 0, fallback: undefined, prior: priorOf(asked, 0) }];
  }
  const allRounder = pool.allRounders[complexity.level];
  const unsure = isUnsure(request, classification) && !asked;
  const preferred = [...split, ...(asked ? [asked] : []), ...(unsure ? allRounder : []), ...pool.routes[task]];
  const others = [
    ...(allowed?.entries ?? []),
    ...catalogueModels(offer),
    ...allRounder,
    ...Object.values(pool.routes).flatMap((route) => route.slice(0, 1)),
  ];
  const seen = new Set<string>();
  const isNew = ({ model }: PoolEntry) => !seen.has(model.id) && seen.add(model.id) !== undefined;
  const listed = preferred.filter(isNew).map((entry, preference) => ({ ...entry, preference }));
  const unlisted = [...pool.fallbacks, ...others].filter(isNew).map((entry) => ({ ...entry, preference: undefined }));
  const fallbacks = pool.fallbacks.map(({ model }) => model.id);
  return [...listed, ...unlisted].map((entry) => {
    const place = fallbacks.indexOf(entry.model.id);
    return { ...entry, fallback: place < 0 ? undefined : place, prior: priorOf(entry, entry.preference) };
  });
}

/** The cheapest models of the catalogue that are strong enough, and those worth most for their price. */
function catalogueModels({ pool, classification: { task, complexity }, demands }: Offer): readonly PoolEntry[] {
  const { level } = complexity;
  const strong = ({ model }: PoolEntry) => strengthOf(model, task) >= leastStrength[level];
  const first = (entries: readonly PoolEntry[]) => firstFit(entries, demands);
  return [
    ...first(pool.ranking(`cheap ${task} ${level}`, (byPrice) => byPrice.filter(strong))),
    ...first(pool.ranking(`value ${task} ${level}`, (byPrice) => byValue(byPrice.filter(strong), task, level))),
  ];
}

function firstFit(entries: readonly PoolEntry[], demands: Demands): readonly PoolEntry[] {
  const found: PoolEntry[] = [];
  for (const entry of entries) {
    if (unfitReason(entry.model, demands) === undefined) found.push(entry);
    if (found.length === picksOfCatalogue) break;
  }
  return found;
}

function byValue(entries: readonly PoolEntry[], task: Task, level: ComplexityLevel): readonly PoolEntry[] {
  const { costPenalty } = preferencesFor('balanced');
  const worth = ({ model }: PoolEntry) => {
    const { input = 0, output = 0 } = model.price;
    const usdPerThousand = (input * typicalTokens.input + output * typicalTokens.output) / 1_000;
    return priorQuality(model, task, level, undefined) - costPenalty(usdPerThousand);
  };
  return entries
    .map((entry) => ({ entry, value: worth(entry) }))
    .toSorted((left, right) => right.value - left.value)
    .map(({ entry }) => entry);
}

export interface Fit {
  /** Models that can answer, the preferred first. */
  readonly fit: readonly OfferedModel[];
  readonly excluded: readonly Exclusion[];
}

/**
 * What `offeredModels` and `applyFilters` give, remembered: when nobody asked for a model, the caller may use any and the
 * request fits every window, it depends on a few words and flags only.
 */
export function createOffers(): (offer: Offer) => Fit {
  const remembered = new Map<string, Fit>();
  return (offer) => {
    const { pool, request, classification, demands, asked, allowed, split } = offer;
    const find = () => applyFilters(offeredModels(offer), offer);
    const needed = demands.inputTokens + (demands.maxTokens ?? defaultMaxTokens);
    if (asked !== undefined || allowed !== undefined || needed > pool.smallestWindow) return find();
    const { media, tools, structured, streaming } = demands;
    const key = [
      classification.task,
      classification.complexity.level,
      isUnsure(request, classification),
      split.length,
      [tools, structured, streaming].map(Number).join(''),
      mediaKinds.filter((kind) => media.has(kind)).join(),
    ].join(' ');
    const known = remembered.get(key) ?? find();
    remembered.set(key, known);
    return known;
  };
}

/** Splits the offer into models that can answer and those that cannot, with the reason. */
function applyFilters(offered: readonly OfferedModel[], { demands, pool, asked, allowed }: Offer): Fit {
  const excluded: Exclusion[] = [...pool.broken];
  const fit = offered.filter(({ model, targets, refusal }) => {
    // Whoever names a model takes the schema as the wish that it is there.
    const demanded = asked?.model.id === model.id ? { ...demands, structured: false } : demands;
    const forbidden =
      allowed && !allowed.ids.has(model.id) ? 'is not among the models that the caller may use' : undefined;
    const reason = forbidden ?? unfitReason(model, demanded) ?? (targets.length === 0 ? refusal : undefined);
    if (reason !== undefined) excluded.push({ model: model.id, reason });
    return reason === undefined;
  });
  return { fit, excluded };
}
