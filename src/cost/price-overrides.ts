import type { PriceOverride } from '../core/pricing.js';
import { profileGeography, type Target } from '../core/target.js';

/** The override in force for a target at a moment: the most specific, of several the one that began last. */
export function overrideFor(
  overrides: readonly PriceOverride[],
  target: Target,
  atMs: number,
): PriceOverride | undefined {
  if (overrides.length === 0) return undefined;
  const geography = target.profile === undefined ? 'in-region' : profileGeography(target);
  return overrides
    .filter(
      (one) =>
        one.model === target.model &&
        (one.geography === undefined || one.geography === geography) &&
        (one.region === undefined || one.region === target.region) &&
        (one.fromMs === undefined || one.fromMs <= atMs) &&
        (one.untilMs === undefined || atMs < one.untilMs),
    )
    .toSorted((left, right) => weight(right) - weight(left) || (right.fromMs ?? 0) - (left.fromMs ?? 0))[0];
}

const weight = ({ geography, region }: PriceOverride): number =>
  Number(region !== undefined) * 2 + Number(geography !== undefined);
