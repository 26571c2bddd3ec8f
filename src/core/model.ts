import { z } from 'zod';

/*
 * The catalogue's vocabulary. Figures are opinions of public catalogues at a date; what AWS says at run time wins.
 * Prices are USD per 1,000,000 tokens as published.
 */

const priceTier = z.object({
  /** The whole request has this price once its input is above so many tokens. */
  inputTokensAbove: z.number(),
  input: z.number(),
  output: z.number(),
  cacheRead: z.number().optional(),
  cacheWrite5m: z.number().optional(),
  cacheWrite1h: z.number().optional(),
});

const price = z.object({
  input: z.number().optional(),
  output: z.number().optional(),
  cacheRead: z.number().optional(),
  cacheWrite5m: z.number().optional(),
  cacheWrite1h: z.number().optional(),
  tiers: z.array(priceTier).optional(),
  batchInput: z.number().nullish(),
  batchOutput: z.number().nullish(),
  flexInput: z.number().nullish(),
  flexOutput: z.number().nullish(),
  priorityInput: z.number().nullish(),
  priorityOutput: z.number().nullish(),
  /** Listed for the models that can be asked for the faster answer. */
  latencyOptimizedInput: z.number().nullish(),
  latencyOptimizedOutput: z.number().nullish(),
  perQuery: z.number().optional(),
  perImageOutput: z.number().optional(),
  basis: z.string().optional(),
});
export type Price = z.output<typeof price>;

export const lifecycleStatuses = ['ACTIVE', 'LEGACY', 'EOL', 'UNVERIFIED'] as const;

const lifecycle = z.object({
  status: z.enum(lifecycleStatuses),
  launch: z.string().optional(),
  legacy: z.string().optional(),
  extendedAccess: z.string().optional(),
  eol: z.string().optional(),
  eolByRegion: z.record(z.string(), z.string()).optional(),
  successors: z.array(z.string()).optional(),
});

export const modelKinds = [
  'chat',
  'embedding',
  'rerank',
  'image',
  'image-edit',
  'video',
  'speech',
  'video-to-text',
] as const;

export const modelSchema = z.object({
  /** Base id, without a geographic prefix. */
  id: z.string(),
  name: z.string().optional(),
  provider: z.string(),
  /** Models of one family share request format and quirks. */
  family: z.string(),
  kind: z.enum(modelKinds),
  lifecycle,
  /** `existing-users`: only accounts that used it lately. null: nobody checked. */
  callable: z.union([z.boolean(), z.literal('existing-users'), z.null()]),
  /** Geography prefix → inference profile id. */
  profiles: z.record(z.string(), z.string()).default({}),
  /** True: the base id is refused and a profile id has to be sent. */
  requiresProfile: z.union([z.boolean(), z.literal('region-dependent')]).optional(),
  contextWindow: z.number().optional(),
  maxOutput: z.number().optional(),
  input: z.array(z.string()),
  output: z.array(z.string()),
  converse: z.boolean(),
  converseStream: z.boolean(),
  system: z.boolean().nullish(),
  tools: z.boolean().nullish(),
  streamingTools: z.boolean().nullish(),
  reasoning: z.boolean().nullish(),
  /** Holds its output to a JSON Schema by itself. */
  strictTools: z.boolean().nullish(),
  promptCaching: z
    .object({
      /** Explicit cache points; the table writes a word where the provider caches by itself, which takes none. */
      supported: z.union([z.boolean(), z.literal('implicit-or-provider').transform(() => false)]),
      minTokens: z.number().optional(),
    })
    .optional(),
  /** The body that InvokeModel takes. */
  nativeFormat: z.string().optional(),
  /** Served by another endpoint than bedrock-runtime. */
  endpoint: z.string().optional(),
  price: price.nullish().transform((value): z.output<typeof price> => value ?? {}),
  priceByProfile: z.record(z.string(), price.partial()).default({}),
  priceByRegion: z.record(z.string(), price.partial()).default({}),
  /** `aws`: the catalogue lacks it, and all that is known is what AWS lists. */
  origin: z.literal('aws').optional(),
});

/** One row of the catalogue. */
export type Model = z.output<typeof modelSchema>;

export const catalogueSchema = z.object({
  as_of: z.string(),
  models: z.array(modelSchema),
  /** Geography prefix → regions inside it. */
  geographies: z.record(z.string(), z.union([z.array(z.string()), z.string()])),
  regions: z.object({
    commercial: z.array(z.string()),
    govcloud: z.array(z.string()),
    euSovereign: z.array(z.string()),
  }),
});

export type Catalogue = z.output<typeof catalogueSchema>;
