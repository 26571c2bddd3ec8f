import { ServiceError } from './errors.js';
import type { Caller } from './pipeline.js';
import type { ModelDirectory } from './ports.js';

/**
 * Ids of the models that the caller may use; undefined: every model. Names that stand for no model here allow nothing.
 */
export function allowedModelIds(
  { allowedModels }: Pick<Caller, 'allowedModels'>,
  directory: Pick<ModelDirectory, 'resolve'>,
): ReadonlySet<string> | undefined {
  if (allowedModels === undefined) return undefined;
  const ids = allowedModels.map((name) => {
    try {
      return directory.resolve(name).model.id;
    } catch {
      return name;
    }
  });
  return new Set(ids);
}

export function modelNotAllowed(model: string, allowed: ReadonlySet<string>): ServiceError {
  const models = [...allowed].slice(0, 10).join(', ');
  return new ServiceError('authorization', `This caller may not use ${model}.`, {
    reason: 'model_not_allowed',
    remedy: models === '' ? 'Ask the operator for access to models.' : `Leave \`model\` out, or ask for: ${models}.`,
  });
}
