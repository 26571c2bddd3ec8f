import { z } from 'zod';
import type { PriceOverride } from '../core/pricing.js';
import { json } from './fields.js';

const mostOverrides = 1_000;

const usdPerMillion = z.number().min(0).max(1_000_000);
const date = z.iso.date().transform((text) => Date.parse(`${text}T00:00:00Z`));

const override = z
  .strictObject({
    model: z.string().min(1).max(200),
    geography: z
      .string()
      .regex(/^[a-z-]{1,20}$/, 'must be in-region, global, us, eu or another geography')
      .optional(),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,30}$/, 'must be a region such as us-east-1')
      .optional(),
    from: date.optional(),
    until: date.optional(),
    source: z.string().min(1).max(100).default('BEDROCK_PRICE_OVERRIDES'),
    input: usdPerMillion.optional(),
    output: usdPerMillion.optional(),
    cache_read: usdPerMillion.optional(),
    cache_write_5m: usdPerMillion.optional(),
    cache_write_1h: usdPerMillion.optional(),
    per_query: z.number().min(0).max(1_000).optional(),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || from < until, 'ends before it begins')
  .refine(
    ({ input, output, cache_read, cache_write_5m, cache_write_1h, per_query }) =>
      [input, output, cache_read, cache_write_5m, cache_write_1h, per_query].some((price) => price !== undefined),
    'has no price',
  )
  .transform(toOverride);

const example =
  '[{"model":"amazon.nova-pro-v1:0","geography":"us","from":"2026-12-01","input":0.72,"output":2.88,"source":"contract 7"}]';

/** Prices in USD per million tokens, or per query; days begin at 00:00 UTC. */
export const priceOverrideList = json(
  `a JSON list of prices in USD per million tokens, such as ${example}`,
  z.array(override).max(mostOverrides),
);

interface Given {
  readonly model: string;
  readonly source: string;
  readonly geography?: string | undefined;
  readonly region?: string | undefined;
  readonly from?: number | undefined;
  readonly until?: number | undefined;
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly cache_read?: number | undefined;
  readonly cache_write_5m?: number | undefined;
  readonly cache_write_1h?: number | undefined;
  readonly per_query?: number | undefined;
}

function toOverride(given: Given): PriceOverride {
  const { model, source, geography, region, from, until, input, output } = given;
  return {
    model,
    source,
    ...(geography !== undefined && { geography }),
    ...(region !== undefined && { region }),
    ...(from !== undefined && { fromMs: from }),
    ...(until !== undefined && { untilMs: until }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(given.cache_read !== undefined && { cacheRead: given.cache_read }),
    ...(given.cache_write_5m !== undefined && { cacheWrite5m: given.cache_write_5m }),
    ...(given.cache_write_1h !== undefined && { cacheWrite1h: given.cache_write_1h }),
    ...(given.per_query !== undefined && { perQuery: given.per_query }),
  };
}
