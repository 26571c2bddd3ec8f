import type { ModelFilter, ModelSummary } from './core/integration-service.js';
import type { Model } from './core/model.js';
import type { ModelDirectory, PerformanceRecord, PriceBook } from './core/ports.js';
import { modelId } from './core/target.js';

export interface ModelListParts {
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
  readonly performance: PerformanceRecord;
  /** Whether this server can read the vectors of the model. Default: of every embedding model. */
  readonly readsVectors?: (model: Model) => boolean;
}

/** What is known of the models that fit the filter. @throws ServiceError for a name that stands for none. */
export function listModels(parts: ModelListParts, filter: ModelFilter): readonly ModelSummary[] {
  return modelsNamed(parts.directory, filter.model)
    .filter((model) => matches(model, filter))
    .map((model) => summaryOf(parts, model))
    .filter(({ targets }) => filter.region === undefined || targets.some(({ region }) => region === filter.region));
}

function modelsNamed(directory: ModelDirectory, name: string | undefined): readonly Model[] {
  if (name === undefined) return directory.all();
  // Aliases and successors are of chat models; any other model goes by its id alone.
  const named = directory.find(modelId(name.toLowerCase()));
  return [named !== undefined && named.kind !== 'chat' ? named : directory.resolve(name).model];
}

function summaryOf({ directory, prices, performance, readsVectors = () => true }: ModelListParts, model: Model) {
  const tool = toolFor(model, readsVectors);
  // Where a model may be called does not depend on what it is for; the directory speaks of chat models only.
  const asked = tool === undefined || model.kind === 'chat' ? model : { ...model, kind: 'chat' as const };
  const { targets, refusal } = directory.targetsOf({ model: asked });
  const [target] = targets;
  if (!target) return { model, targets, ...(refusal !== undefined && { refusal }) };
  const measured = performance.of(target);
  return {
    model,
    targets,
    ...(tool && { tool }),
    price: prices.priceOf(target),
    ...(measured && { performance: measured }),
  };
}

function toolFor(model: Model, readsVectors: (model: Model) => boolean): ModelSummary['tool'] {
  if (model.kind === 'chat') return 'bedrock_invoke';
  if (model.kind === 'rerank') return 'bedrock_rerank';
  return model.kind === 'embedding' && readsVectors(model) ? 'bedrock_embed' : undefined;
}

function matches(model: Model, { provider, family, status, capability }: ModelFilter): boolean {
  if (provider !== undefined && model.provider !== provider.toLowerCase()) return false;
  if (family !== undefined && model.family !== family.toLowerCase()) return false;
  if (status !== undefined && model.lifecycle.status !== status.toUpperCase()) return false;
  return capability === undefined || capabilitiesOf(model).has(capability.toLowerCase());
}

function capabilitiesOf(model: Model): ReadonlySet<string> {
  const { tools, system, converseStream: streaming, reasoning, promptCaching, strictTools } = model;
  const caching = promptCaching?.supported;
  const features = { tools, system, streaming, reasoning, caching, structured_output: strictTools };
  const present = Object.entries(features).filter(([, has]) => has === true);
  return new Set([model.kind, ...model.input, ...present.map(([name]) => name)]);
}
