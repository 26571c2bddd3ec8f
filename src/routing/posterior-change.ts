import type { PosteriorSnapshot } from './quality-posteriors.js';

type Evidence = PosteriorSnapshot['models'][string];

export const nothingLearned: PosteriorSnapshot = { bias: { count: 0, sum: 0 }, models: {} };

/** What was learned between two moments; models that were forgotten meanwhile are left out. */
export function learnedSince(before: PosteriorSnapshot, now: PosteriorSnapshot): PosteriorSnapshot {
  return combine(now, before, (value, old) => value - old, Object.keys(now.models));
}

/** Evidence adds up, in whatever order it comes. */
export function plus(kept: PosteriorSnapshot, change: PosteriorSnapshot): PosteriorSnapshot {
  const models = [...new Set([...Object.keys(kept.models), ...Object.keys(change.models)])];
  return combine(kept, change, (value, more) => value + more, models);
}

export const isNothing = ({ bias, models }: PosteriorSnapshot): boolean =>
  bias.count === 0 &&
  bias.sum === 0 &&
  Object.values(models).every(({ counts, sums }) => [...counts, ...sums].every((value) => value === 0));

function combine(
  left: PosteriorSnapshot,
  right: PosteriorSnapshot,
  join: (left: number, right: number) => number,
  models: readonly string[],
): PosteriorSnapshot {
  const joined = (model: string, part: keyof Evidence): readonly number[] => {
    const [lefts = [], rights = []] = [left.models[model]?.[part], right.models[model]?.[part]];
    const longer = lefts.length >= rights.length ? lefts : rights;
    return longer.map((_, cell) => join(lefts[cell] ?? 0, rights[cell] ?? 0));
  };
  return {
    bias: { count: join(left.bias.count, right.bias.count), sum: join(left.bias.sum, right.bias.sum) },
    models: Object.fromEntries(
      models.map((model) => [model, { counts: joined(model, 'counts'), sums: joined(model, 'sums') }]),
    ),
  };
}
