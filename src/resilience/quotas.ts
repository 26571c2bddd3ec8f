import type { Usage } from '../core/response.js';
import type { ModelId, ProfileId, Region, Target } from '../core/target.js';
import type { Quota } from './minute-quota.js';

/** A quota of a model; through one profile, or in one region only, where these are named. */
export interface QuotaRow extends Quota {
  readonly model: ModelId;
  readonly profile?: ProfileId;
  readonly region?: Region;
}

/** Finds the quota of a target: a row that names its profile goes before one that names its region, and that before one of the model. */
export function quotaFinder(rows: readonly QuotaRow[]): (target: Target) => Quota | undefined {
  const weight = ({ profile, region }: QuotaRow) => (profile ? 2 : 0) + (region ? 1 : 0);
  const sorted = rows.toSorted((left, right) => weight(right) - weight(left));
  return ({ model, profile, region }) =>
    sorted.find(
      (row) =>
        row.model === model &&
        (row.profile === undefined || row.profile === profile) &&
        (row.region === undefined || row.region === region),
    );
}

/** Claude before 3.7: its answers count once. */
const countsOnce = /claude-(v2|instant|3-(haiku|sonnet|opus|5))/;
const burndownOfClaude = 5;

/**
 * What a request counts in the end: input, cache writes, and its answer, five times for Claude 3.7 and later. Reads from
 * the cache count nothing. Source: "How tokens are counted in Amazon Bedrock" in the user guide.
 */
export function quotaTokens(model: ModelId, { inputTokens, cacheWriteTokens, outputTokens }: Usage): number {
  const burndown = model.includes('claude') && !countsOnce.test(model) ? burndownOfClaude : 1;
  return inputTokens + cacheWriteTokens + outputTokens * burndown;
}
