import { allowedModelIds, modelNotAllowed } from '../core/model-rights.js';
import type { Caller } from '../core/pipeline.js';
import type { ModelDirectory, SpendForecast } from '../core/ports.js';
import type { ModelRequest } from '../core/request.js';
import type { Exclusion } from '../core/routing.js';
import { answerLimit, type Demands } from './candidate-filters.js';
import { type PoolEntry, poolEntry } from './model-pool.js';
import type { Fit } from './offered-models.js';

/** The models that a caller is limited to. */
export interface AllowedModels {
  readonly ids: ReadonlySet<string>;
  readonly entries: readonly PoolEntry[];
}

/** Works out once for each list what its names stand for; undefined: the caller may use every model. */
export function createAllowedModels(directory: ModelDirectory) {
  const known = new WeakMap<readonly string[], AllowedModels>();
  return (allowedModels: Caller['allowedModels'], asked: PoolEntry | undefined): AllowedModels | undefined => {
    if (allowedModels === undefined) return undefined;
    const ids = known.get(allowedModels)?.ids ?? allowedModelIds({ allowedModels }, directory) ?? new Set<string>();
    const entries = known.get(allowedModels)?.entries ?? entriesOf(directory, ids);
    known.set(allowedModels, { ids, entries });
    if (asked !== undefined && !ids.has(asked.model.id)) throw modelNotAllowed(asked.model.id, ids);
    return { ids, entries };
  };
}

function entriesOf(directory: ModelDirectory, ids: ReadonlySet<string>): readonly PoolEntry[] {
  return directory
    .all()
    .filter(({ id }) => ids.has(id))
    .map((model) => poolEntry(directory, { model }, 'allowed to the caller'));
}

export interface Purse {
  readonly spend: SpendForecast | undefined;
  readonly request: ModelRequest;
  readonly demands: Demands;
  readonly caller: Caller;
  readonly sessionId: string | undefined;
}

/**
 * Leaves out what could not be paid for. When that is every model, none is left out: the budget then refuses, with the
 * limit and the time of its end.
 */
export function withinPurse(offer: Fit, { spend, request, demands, caller, sessionId }: Purse): Fit {
  if (spend === undefined) return offer;
  const dear: Exclusion[] = [];
  const fit = offer.fit.filter(({ model, targets }) => {
    const [target] = targets;
    const maxTokens = answerLimit(model, demands);
    const { inputTokens } = demands;
    const reason = target && spend.refusalOf({ request, target, inputTokens, maxTokens, caller, sessionId });
    if (reason !== undefined) dear.push({ model: model.id, reason });
    return reason === undefined;
  });
  return fit.length === 0 ? offer : { fit, excluded: [...offer.excluded, ...dear] };
}
