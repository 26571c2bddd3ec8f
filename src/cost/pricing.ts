import { ServiceError } from '../core/errors.js';
import type { Catalogue, Model } from '../core/model.js';
import type { PriceBook } from '../core/ports.js';
import type { Cost, Usage } from '../core/response.js';
import { type Target, targetKey } from '../core/target.js';
import { type Rates, ratesFor, ratesOf, type TieredRates } from './rates.js';

interface KnownPrice {
  readonly rates: TieredRates;
  readonly assumed: boolean;
}

const rememberedTargets = 4_096;

/**
 * Prices from the catalogue. A target whose price is not known has the price of the dearest model of its family, else
 * of the dearest chat model, and says so; nothing is ever free for want of a price.
 */
export function createPriceBook({ catalogue }: { catalogue: Pick<Catalogue, 'models'> }): PriceBook {
  const models = new Map(catalogue.models.map((model) => [model.id, model]));
  const remembered = new Map<string, KnownPrice>();

  const find = (target: Target): KnownPrice => {
    const model = models.get(target.model);
    const own = model && ratesOf(model, target);
    return own ? { rates: own, assumed: false } : { rates: standIn(catalogue.models, model, target), assumed: true };
  };
  const known = (target: Target): KnownPrice => {
    const key = targetKey(target);
    const before = remembered.get(key);
    if (before) return before;
    // Ids come from callers too, so that the memory has to have an end.
    if (remembered.size >= rememberedTargets) remembered.clear();
    const found = find(target);
    remembered.set(key, found);
    return found;
  };

  return {
    priceOf: (target) => {
      const { rates, assumed } = known(target);
      return {
        inputUsdPerMillion: Number(rates.base.input.pico) / 1_000_000,
        outputUsdPerMillion: Number(rates.base.output.pico) / 1_000_000,
        assumed,
      };
    },
    costOf: (target, usage) => {
      // One call of a rerank model is one query, however many tokens it reads.
      const row = models.get(target.model);
      if (row?.kind === 'rerank' && row.price.perQuery !== undefined) {
        return { nanoUsd: Math.ceil(row.price.perQuery * 1e9), estimated: false };
      }
      const { rates, assumed } = known(target);
      const cost = costAt(ratesFor(rates, contextTokens(usage)), usage);
      // The list has the prices of the default tier; the others cost more or less than it says.
      const otherTier = usage.serviceTier !== undefined;
      return { nanoUsd: cost.nanoUsd, estimated: cost.estimated || assumed || usage.estimated || otherTier };
    },
  };
}

const contextTokens = (usage: Usage): number => usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;

function costAt(rates: Rates, usage: Usage): Cost {
  const lines = [
    [usage.inputTokens, rates.input],
    [usage.outputTokens, rates.output],
    [usage.cacheReadTokens, rates.cacheRead],
    [usage.cacheWriteTokens - usage.cacheWrite1hTokens, rates.cacheWrite5m],
    [usage.cacheWrite1hTokens, rates.cacheWrite1h],
  ] as const;
  const billed = lines.filter(([tokens]) => tokens > 0);
  const pico = billed.reduce((sum, [tokens, rate]) => sum + BigInt(Math.ceil(tokens)) * rate.pico, 0n);
  return { nanoUsd: Number((pico + 999n) / 1_000n), estimated: billed.some(([, rate]) => rate.guessed) };
}

function standIn(models: readonly Model[], model: Model | undefined, target: Target): TieredRates {
  const family = models.filter((other) => other.family === model?.family);
  const chat = models.filter((other) => other.kind === 'chat');
  const rates = dearest(family, target) ?? dearest(chat, target);
  if (!rates) throw new ServiceError('internal', 'The model catalogue has no chat model with a price.');
  return rates;
}

/** Dearest by one token in and one out, at the prices of the target's own region or geography. */
function dearest(models: readonly Model[], target: Target): TieredRates | undefined {
  const sum = ({ base }: TieredRates) => base.input.pico + base.output.pico;
  return models
    .map((model) => ratesOf(model, elsewhere(model, target)))
    .filter((rates) => rates !== undefined)
    .reduce<TieredRates | undefined>((best, rates) => (!best || sum(rates) > sum(best) ? rates : best), undefined);
}

/** The target with another model behind it, in the same geography. */
function elsewhere(model: Model, target: Target): Target {
  const geography = target.profile?.split('.')[0] ?? '';
  const profile = model.profiles[geography];
  const { profile: _, ...inRegion } = target;
  const place = { ...inRegion, model: model.id as Target['model'] };
  return profile === undefined ? place : { ...place, profile: profile as NonNullable<Target['profile']> };
}
