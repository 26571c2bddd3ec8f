import type { Clock } from '../core/clock.js';
import type { CostParts } from '../core/ledger.js';
import type { Catalogue, Model } from '../core/model.js';
import type { PriceBook } from '../core/ports.js';
import type { PricedCost, PriceOverride } from '../core/pricing.js';
import type { Usage } from '../core/response.js';
import { profileGeography, type Target, targetKey } from '../core/target.js';
import { nanoFromUsd } from './money.js';
import { overrideFor } from './price-overrides.js';
import { dearestWay, standIn } from './price-stand-ins.js';
import { type Rate, type Rates, ratesFor, ratesOf, ratesOverridden, ratesServed, type TieredRates } from './rates.js';

interface KnownPrice {
  readonly rates: TieredRates;
  readonly assumed: boolean;
  readonly source: string;
}

interface QueryPrice {
  readonly usd: number;
  readonly source: string;
}

const rememberedPrices = 4_096;

export interface PriceBookOptions {
  readonly catalogue: Pick<Catalogue, 'models' | 'as_of'>;
  readonly overrides?: readonly PriceOverride[];
  readonly clock: Pick<Clock, 'nowMs'>;
}

/**
 * Prices from the catalogue, and from overrides before it. A target whose price is not known has the price of the dearest
 * model of its family, else of the dearest chat model, and says so; nothing is ever free for want of a price.
 */
export function createPriceBook({ catalogue, overrides = [], clock }: PriceBookOptions): PriceBook {
  const models = new Map(catalogue.models.map((model) => [model.id, model]));
  const listSource = `catalogue ${catalogue.as_of}`;
  const remembered = new Map<string, KnownPrice>();

  const ofList = (target: Target, model: Model | undefined): KnownPrice => {
    const own = model && (isOpaque(target) ? dearestWay(model, target) : ratesOf(model, target));
    if (own) return { rates: own, assumed: false, source: listSource };
    return { rates: standIn(catalogue.models, model, target), assumed: true, source: listSource };
  };
  const find = (target: Target, override: PriceOverride | undefined, tier: string | undefined): KnownPrice => {
    const model = models.get(target.model);
    const list = ofList(target, model);
    const priced = override
      ? {
          rates: ratesOverridden(list.rates, override),
          assumed: list.assumed && !isWhole(override),
          source: override.source,
        }
      : list;
    return { ...priced, rates: ratesServed(priced.rates, model ?? { price: {} }, tier) };
  };
  const known = (target: Target, atMs: number, tier?: string): KnownPrice => {
    const override = overrideFor(overrides, target, atMs);
    const key = `${targetKey(target)}|${tier ?? ''}|${override ? overrides.indexOf(override) : ''}`;
    const before = remembered.get(key);
    if (before) return before;
    // Ids come from callers too, so that the memory has to have an end.
    if (remembered.size >= rememberedPrices) remembered.clear();
    const found = find(target, override, tier);
    remembered.set(key, found);
    return found;
  };

  const queryPrice = (target: Target, atMs: number): QueryPrice | undefined =>
    queryPriceOf(models.get(target.model), overrideFor(overrides, target, atMs), listSource);

  return {
    priceOf: (target) => {
      const query = queryPrice(target, clock.nowMs());
      if (query) {
        const { usd, source } = query;
        return { inputUsdPerMillion: 0, outputUsdPerMillion: 0, perQueryUsd: usd, assumed: false, source };
      }
      const { rates, assumed, source } = known(target, clock.nowMs());
      return {
        inputUsdPerMillion: Number(rates.base.input.pico) / 1_000_000,
        outputUsdPerMillion: Number(rates.base.output.pico) / 1_000_000,
        assumed,
        source,
      };
    },
    costOf: (target, usage, atMs = clock.nowMs()) => {
      const query = queryPrice(target, atMs);
      if (query) return costOfQuery(query);
      const { rates, assumed, source } = known(target, atMs, usage.serviceTier);
      const cost = costAt(ratesFor(rates, contextTokens(usage)), usage);
      return { ...cost, estimated: cost.estimated || assumed || usage.estimated, priceVersion: source };
    },
  };
}

/** One call of a rerank model is one query, however many tokens it reads. */
function queryPriceOf(
  model: Model | undefined,
  override: PriceOverride | undefined,
  listSource: string,
): QueryPrice | undefined {
  if (model?.kind !== 'rerank') return undefined;
  if (override?.perQuery !== undefined) return { usd: override.perQuery, source: override.source };
  const { perQuery } = model.price;
  return perQuery === undefined ? undefined : { usd: perQuery, source: listSource };
}

/** A profile of the account's own does not say through which geography it goes. */
const isOpaque = (target: Target): boolean =>
  target.profile !== undefined && profileGeography(target) === undefined && target.profile.startsWith('arn:');

const isWhole = ({ input, output }: PriceOverride): boolean => input !== undefined && output !== undefined;

const contextTokens = (usage: Usage): number => usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;

const noParts: CostParts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, other: 0 };

function costOfQuery({ usd, source }: QueryPrice): PricedCost {
  const nanoUsd = nanoFromUsd(usd);
  return { nanoUsd, estimated: false, parts: { ...noParts, other: nanoUsd }, priceVersion: source };
}

/** Rounded up once, over everything; each part is what it adds to the rounded sum, so that the parts add up. */
function costAt(rates: Rates, usage: Usage): Omit<PricedCost, 'priceVersion'> {
  const { cacheWriteTokens, cacheWrite1hTokens } = usage;
  const lines: readonly (readonly [part: keyof CostParts, tokens: number, rate: Rate])[] = [
    ['input', usage.inputTokens, rates.input],
    ['output', usage.outputTokens, rates.output],
    ['cacheRead', usage.cacheReadTokens, rates.cacheRead],
    ['cacheWrite', cacheWriteTokens - cacheWrite1hTokens, rates.cacheWrite5m],
    ['cacheWrite', cacheWrite1hTokens, rates.cacheWrite1h],
  ];
  const parts = { ...noParts };
  let pico = 0n;
  let nanoUsd = 0;
  let estimated = false;
  for (const [part, tokens, rate] of lines) {
    if (tokens <= 0) continue;
    pico += BigInt(Math.ceil(tokens)) * rate.pico;
    const sum = Number((pico + 999n) / 1_000n);
    parts[part] += sum - nanoUsd;
    nanoUsd = sum;
    estimated ||= rate.guessed;
  }
  return { nanoUsd, estimated, parts };
}
