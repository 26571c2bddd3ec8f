import { type Target, targetKey } from '../core/target.js';
import type { LoadRecord, TargetLoad } from './performance-tracker.js';
import { hashText, mix, uniform } from './seeded-draws.js';

export interface SpreadOptions {
  readonly load: LoadRecord;
  /** Part of the load by region, such as its quota; a region without one counts as 1. */
  readonly regionWeights: Readonly<Record<string, number>>;
  readonly seed: number;
}

interface Place {
  readonly target: Target;
  readonly weight: number;
  readonly load: TargetLoad;
}

/**
 * Orders equal targets of one model: power of two choices on peak-EWMA latency and calls in flight, so that a slow or
 * throttled region gets less, and neither it nor the quickest gets everything. Equal knowledge, equal order.
 */
export function spreadTargets(targets: readonly Target[], options: SpreadOptions): readonly Target[] {
  if (targets.length < 2) return targets;
  const { load, regionWeights, seed } = options;
  const places = targets.map((target): Place => {
    const measured = load.loadOf(target);
    // A region that throttles has less to give than its quota says.
    const weight = Math.max(0.02, regionWeights[target.region] ?? 1) * (1 - 0.95 * measured.throttleRate);
    return { target, weight, load: measured };
  });
  if (places.every((place) => isUntouched(place) && place.weight === places[0]?.weight)) return targets;
  const draw = mix(mix(seed, load.version()), hashText(targets[0]?.model ?? ''));
  const first = drawOne(places, uniform(mix(draw, 1)));
  const rest = places.filter((place) => place !== first);
  const second = drawOne(rest, uniform(mix(draw, 2)));
  const typicalMs = typicalLatency(places);
  const lighter = pressure(first, typicalMs) <= pressure(second, typicalMs) ? first : second;
  // Who refuses the probe costs it little: the next target is asked at once.
  const chosen = places.find(({ load: { probeDue } }) => probeDue === true) ?? lighter;
  const others = places
    .filter((place) => place !== chosen)
    .toSorted((left, right) => pressure(left, typicalMs) - pressure(right, typicalMs));
  return [chosen, ...others].map(({ target }) => target);
}

const isUntouched = ({ load }: Place): boolean => load.latencyMs === undefined && load.inFlight === 0;

function drawOne(places: readonly Place[], point: number): Place {
  let left = point * places.reduce((sum, { weight }) => sum + weight, 0);
  for (const place of places) {
    left -= place.weight;
    if (left <= 0) return place;
  }
  return places.at(-1) as Place;
}

function typicalLatency(places: readonly Place[]): number {
  const known = places.flatMap(({ load }) => load.latencyMs ?? []);
  return known.length === 0 ? 1 : known.reduce((sum, latencyMs) => sum + latencyMs, 0) / known.length;
}

/** Time until an answer, if everything in flight goes before it. */
function pressure({ load, weight }: Place, typicalMs: number): number {
  return ((load.latencyMs ?? typicalMs) * (1 + load.inFlight / weight)) / (1 - 0.95 * load.throttleRate);
}

export const sameTarget = (left: Target, right: Target): boolean => targetKey(left) === targetKey(right);
