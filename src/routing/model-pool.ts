import { toServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { ModelDirectory, PriceBook, ResolvedModel } from '../core/ports.js';
import type { Task } from '../core/request.js';
import type { ComplexityLevel, Exclusion } from '../core/routing.js';
import type { Target } from '../core/target.js';

/** A model that may be tried, where it can be called, and why it is in the pool. */
export interface PoolEntry {
  readonly model: Model;
  readonly targets: readonly Target[];
  /** Why `targets` is empty. */
  readonly refusal?: string;
  readonly origin: string;
}

export interface PoolOptions {
  readonly directory: ModelDirectory;
  readonly prices: PriceBook;
  readonly taskRoutes: Readonly<Record<Task, readonly string[]>>;
  readonly allRounders: Readonly<Record<ComplexityLevel, string>>;
  readonly fallbackModels: readonly string[];
}

/** The models to choose from, resolved once: when what is known of models changes, a new router is made. */
export interface ModelPool {
  readonly routes: Readonly<Record<Task, readonly PoolEntry[]>>;
  readonly allRounders: Readonly<Record<ComplexityLevel, readonly PoolEntry[]>>;
  readonly fallbacks: readonly PoolEntry[];
  /** Tokens that every model of the pool can hold. */
  readonly smallestWindow: number;
  /** An order of every model that can be called here, worked out once under its name from the cheapest first. */
  ranking(name: string, order: (byPrice: readonly PoolEntry[]) => readonly PoolEntry[]): readonly PoolEntry[];
  /** Names in the settings that stand for no model here. */
  readonly broken: readonly Exclusion[];
}

export function createModelPool(options: PoolOptions): ModelPool {
  const { directory } = options;
  const broken: Exclusion[] = [];
  const entries = (names: readonly string[], origin: string) =>
    names.flatMap((name, index) => {
      try {
        return poolEntry(directory, directory.resolve(name), `${origin} ${index + 1}`);
      } catch (thrown) {
        broken.push({ model: name, reason: toServiceError(thrown).message });
        return [];
      }
    });
  const byPrice = callableByPrice(options);
  const rankings = new Map<string, readonly PoolEntry[]>();
  const allRounder = (level: ComplexityLevel) => entries([options.allRounders[level]], 'all-rounder');
  const route = (task: Task) => entries(options.taskRoutes[task], `${task} route`);
  const routes = { code: route('code'), reasoning: route('reasoning'), general: route('general') };
  const rounders = { simple: allRounder('simple'), medium: allRounder('medium'), complex: allRounder('complex') };
  const fallbacks = entries(options.fallbackModels, 'fallback');
  const everything = [...byPrice, ...fallbacks, ...Object.values(routes).flat(), ...Object.values(rounders).flat()];
  return {
    routes,
    allRounders: rounders,
    fallbacks,
    smallestWindow: Math.min(...everything.map(({ model }) => model.contextWindow ?? Number.POSITIVE_INFINITY)),
    ranking: (name, order) => {
      const known = rankings.get(name) ?? order(byPrice);
      rankings.set(name, known);
      return known;
    },
    broken,
  };
}

export function poolEntry(directory: ModelDirectory, resolved: ResolvedModel, origin: string): PoolEntry {
  return { model: resolved.model, origin, ...directory.targetsOf(resolved) };
}

function callableByPrice({ directory, prices }: PoolOptions): readonly PoolEntry[] {
  return directory
    .all()
    .filter((model) => model.lifecycle.status === 'ACTIVE' && model.callable === true && isForText(model))
    .map((model) => poolEntry(directory, { model }, 'catalogue'))
    .flatMap((entry) => {
      const [target] = entry.targets;
      return target === undefined ? [] : { entry, price: prices.priceOf(target) };
    })
    .filter(({ price }) => !price.assumed)
    .toSorted((left, right) => left.price.outputUsdPerMillion - right.price.outputUsdPerMillion)
    .map(({ entry }) => entry);
}

/** Leaves out models made for something else that happen to chat: speech input, and judges of safety. */
function isForText(model: Model): boolean {
  return model.kind === 'chat' && !model.input.includes('audio') && !model.id.includes('safeguard');
}
