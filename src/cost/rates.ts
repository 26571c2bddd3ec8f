import type { Model, Price } from '../core/model.js';
import { profileGeography, type Target } from '../core/target.js';
import { listedFor, variantOf } from './price-variants.js';

/** A price in pico-dollars (1e-12 USD) per token, which holds every published price as a whole number. */
export interface Rate {
  readonly pico: bigint;
  /** No list says this figure: it was worked out by a rule that need not hold for this model. */
  readonly guessed: boolean;
}

const meters = ['input', 'output', 'cacheRead', 'cacheWrite5m', 'cacheWrite1h'] as const;
type Meter = (typeof meters)[number];

export type Rates = Readonly<Record<Meter, Rate>>;

export interface TieredRates {
  readonly base: Rates;
  /** Highest threshold first: the first that the input passes prices the whole request. */
  readonly tiers: readonly { readonly inputTokensAbove: number; readonly rates: Rates }[];
}

type PriceFields = { readonly [Key in Meter]?: number | undefined };

interface CacheRule {
  /** Multiples of the input price, in hundredths. */
  readonly cacheRead: bigint;
  readonly cacheWrite5m: bigint;
  readonly cacheWrite1h: bigint;
  /** False where the provider publishes the rule. */
  readonly guessed: boolean;
}

const claudeRule: CacheRule = { cacheRead: 10n, cacheWrite5m: 125n, cacheWrite1h: 200n, guessed: false };
const novaRule: CacheRule = { cacheRead: 25n, cacheWrite5m: 100n, cacheWrite1h: 100n, guessed: false };
/** For everybody else the dearest terms that any provider has, so that a guess never understates. */
const unknownRule: CacheRule = { cacheRead: 100n, cacheWrite5m: 125n, cacheWrite1h: 200n, guessed: true };

const cacheRules: Readonly<Record<string, CacheRule>> = { claude: claudeRule, nova: novaRule, 'nova-2': novaRule };

const pico = (usdPerMillion: number): bigint => BigInt(Math.round(usdPerMillion * 1_000_000));
const divideUp = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

/**
 * Rates of a target from its model's row; undefined when the row has no price for tokens. An override of the region or
 * profile replaces the fields it names. What it does not name follows its input price in proportion (a profile that is
 * 10 % dearer is so for cached tokens and long contexts too) and counts as guessed.
 */
export function ratesOf(model: Model, target: Target): TieredRates | undefined {
  const list = listRates(model);
  if (!list) return undefined;
  const override = overrideFor(model, target);
  const base = override ? overlay(list, override) : list;
  const tiers = override?.tiers
    ? override.tiers.map((tier) => ({ ...tier, rates: overlay(base, tier) }))
    : (model.price.tiers ?? []).map((tier) => ({ ...tier, rates: inProportion(overlay(list, tier), list, base) }));
  return { base, tiers: tiers.toSorted((left, right) => right.inputTokensAbove - left.inputTokensAbove) };
}

/** The rates of another way of serving than the default one, by its own figures or in proportion. */
export function ratesServed(rates: TieredRates, { price }: Pick<Model, 'price'>, serviceTier?: string): TieredRates {
  const variant = variantOf(serviceTier);
  if (!variant) return rates;
  const listed = listedFor(variant, price);
  const change = (from: Rates): Rates => {
    const atDefault = { input: price.input, output: price.output };
    return mapRates(from, (rate, meter) => {
      const figures = ratioOf(meter, listed, atDefault) ?? {
        numerator: variant.ratio,
        denominator: 100n,
        exact: false,
      };
      // A figure of the list is exact where the default price is the list's as well.
      const isListed = figures.exact && !rate.guessed && rate.pico === figures.denominator;
      return { pico: divideUp(rate.pico * figures.numerator, figures.denominator), guessed: !isListed };
    });
  };
  return { base: change(rates.base), tiers: rates.tiers.map((tier) => ({ ...tier, rates: change(tier.rates) })) };
}

/** What a figure of the list is of the default price; cached tokens follow those that are not. */
function ratioOf(meter: Meter, listed: PriceFields | undefined, atDefault: PriceFields) {
  const by = meter === 'output' ? 'output' : 'input';
  const [figure, standard] = [listed?.[by], atDefault[by]];
  if (figure === undefined || standard === undefined || standard === 0) return undefined;
  return { numerator: pico(figure), denominator: pico(standard), exact: meter === by };
}

/** The rates with those of an override in place of what it names; what it does not name follows its input price. */
export function ratesOverridden({ base, tiers }: TieredRates, fields: PriceFields): TieredRates {
  const changed = overlay(base, fields);
  return {
    base: changed,
    tiers: tiers.map((tier) => ({ ...tier, rates: inProportion(tier.rates, base, changed) })),
  };
}

function overrideFor(model: Model, target: Target): Partial<Price> | undefined {
  const geography = profileGeography(target);
  if (target.profile === undefined) return model.priceByRegion[target.region];
  return geography === undefined ? undefined : model.priceByProfile[geography];
}

function listRates({ price, kind, family }: Model): Rates | undefined {
  // Embeddings have no output tokens, so that a missing output price is a true zero there and only there.
  const outputPrice = price.output ?? (kind === 'embedding' ? 0 : undefined);
  if (price.input === undefined || outputPrice === undefined) return undefined;
  const input = pico(price.input);
  const rule = cacheRules[family] ?? unknownRule;
  const cached = (meter: 'cacheRead' | 'cacheWrite5m' | 'cacheWrite1h'): Rate => {
    const listed = price[meter];
    if (listed !== undefined) return { pico: pico(listed), guessed: false };
    return { pico: divideUp(input * rule[meter], 100n), guessed: rule.guessed };
  };
  return {
    input: { pico: input, guessed: false },
    output: { pico: pico(outputPrice), guessed: false },
    cacheRead: cached('cacheRead'),
    cacheWrite5m: cached('cacheWrite5m'),
    cacheWrite1h: cached('cacheWrite1h'),
  };
}

function overlay(base: Rates, fields: PriceFields): Rates {
  const input = fields.input === undefined ? base.input.pico : pico(fields.input);
  return mapRates(base, (rate, meter) => {
    const named = fields[meter];
    return named === undefined ? scaled(rate, input, base.input.pico) : { pico: pico(named), guessed: false };
  });
}

const inProportion = (rates: Rates, from: Rates, to: Rates): Rates =>
  mapRates(rates, (rate) => scaled(rate, to.input.pico, from.input.pico));

function scaled(rate: Rate, numerator: bigint, denominator: bigint): Rate {
  if (numerator === denominator || denominator === 0n) return rate;
  return { pico: divideUp(rate.pico * numerator, denominator), guessed: true };
}

export function mapRates(rates: Rates, change: (rate: Rate, meter: Meter) => Rate): Rates {
  return {
    input: change(rates.input, 'input'),
    output: change(rates.output, 'output'),
    cacheRead: change(rates.cacheRead, 'cacheRead'),
    cacheWrite5m: change(rates.cacheWrite5m, 'cacheWrite5m'),
    cacheWrite1h: change(rates.cacheWrite1h, 'cacheWrite1h'),
  };
}

/** The rates for a request with so many tokens of input, cached ones included. */
export function ratesFor(rates: TieredRates, inputTokens: number): Rates {
  return rates.tiers.find((tier) => inputTokens > tier.inputTokensAbove)?.rates ?? rates.base;
}
