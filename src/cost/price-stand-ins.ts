import { ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import { profileId, type Target } from '../core/target.js';
import { mapRates, type Rates, ratesOf, type TieredRates } from './rates.js';

/* Prices in place of those that are not known. */

/** The price of the dearest model of the family, else of the dearest chat model, in the target's region or geography. */
export function standIn(models: readonly Model[], model: Model | undefined, target: Target): TieredRates {
  const priced = (some: readonly Model[]) => some.map((other) => ratesOf(other, elsewhere(other, target)));
  const family = models.filter((other) => other.family === model?.family);
  const chat = models.filter((other) => other.kind === 'chat');
  const rates = dearest(priced(family)) ?? dearest(priced(chat));
  if (!rates) throw new ServiceError('internal', 'The model catalogue has no chat model with a price.');
  return rates;
}

/** The dearest way to reach the model from the target's region, marked as a guess; undefined when it has no price. */
export function dearestWay(model: Model, { region, model: id }: Target): TieredRates | undefined {
  // Nothing leads from the commercial regions into those of the government, or back.
  const isGovernment = region.startsWith('us-gov');
  const profiles = Object.entries(model.profiles)
    .filter(([geography]) => (geography === 'us-gov') === isGovernment)
    .map(([, profile]) => profileId(profile));
  const ways: Target[] = [{ model: id, region }, ...profiles.map((profile) => ({ model: id, region, profile }))];
  const found = dearest(ways.map((way) => ratesOf(model, way)));
  return (
    found && { base: guessed(found.base), tiers: found.tiers.map((tier) => ({ ...tier, rates: guessed(tier.rates) })) }
  );
}

const guessed = (rates: Rates): Rates => mapRates(rates, ({ pico }) => ({ pico, guessed: true }));

/** By one token in and one out. */
function dearest(all: readonly (TieredRates | undefined)[]): TieredRates | undefined {
  const sum = ({ base }: TieredRates) => base.input.pico + base.output.pico;
  return all
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
