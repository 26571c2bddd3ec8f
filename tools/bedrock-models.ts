import { z } from 'zod';
import type { ModelFilter, ModelSummary } from '../src/core/integration-service.js';
import { lifecycleStatuses, modelKinds } from '../src/core/model.js';
import { defineTool } from '../src/server/define-tool.js';

const filterText = z.string().min(1).max(256).optional();

const input = z.strictObject({
  provider: filterText.describe('amazon, anthropic, meta, …'),
  family: filterText,
  capability: filterText.describe(
    'chat, embedding, rerank, image, video …, or tools, system, streaming, reasoning, caching, structured_output.',
  ),
  status: z.enum(['active', 'legacy', 'eol', 'unverified']).optional(),
  model: filterText.describe('Id, profile id or alias.'),
  region: filterText,
});

const performance = z.strictObject({
  calls: z.int(),
  error_rate: z.number(),
  latency_ms: z.number(),
  time_to_first_token_ms: z.number().optional(),
});

const modelResult = z.strictObject({
  id: z.string(),
  name: z.string(),
  provider: z.string(),
  family: z.string(),
  kind: z.enum(modelKinds),
  profiles: z.array(z.string()),
  regions: z.array(z.string()).describe('Where this server may call it.'),
  context_window: z.int().optional(),
  max_output: z.int().optional(),
  modalities: z.strictObject({ input: z.array(z.string()), output: z.array(z.string()) }),
  capabilities: z.array(z.string()),
  lifecycle: z.strictObject({
    status: z.enum(lifecycleStatuses),
    legacy: z.string().optional(),
    eol: z.string().optional(),
  }),
  successors: z.array(z.string()),
  price: z
    .strictObject({
      input_usd_per_million: z.number(),
      output_usd_per_million: z.number(),
      usd_per_query: z.number().optional(),
      assumed: z.boolean(),
      source: z.string(),
    })
    .optional(),
  availability: z.strictObject({
    callable: z.boolean(),
    tool: z.string().optional(),
    reason: z.string().optional(),
  }),
  origin: z.literal('aws').optional().describe('Known from AWS only.'),
  performance: performance.optional(),
});
type ModelResult = z.input<typeof modelResult>;

const output = z.strictObject({ models: z.array(modelResult) });

function capabilities({ model }: ModelSummary): string[] {
  const known = {
    tools: model.tools,
    system: model.system,
    streaming: model.converseStream,
    reasoning: model.reasoning,
    caching: model.promptCaching?.supported,
    structured_output: model.strictTools,
  };
  return Object.entries(known).flatMap(([name, has]) => (has ? [name] : []));
}

function toPrice({ price }: ModelSummary): Pick<ModelResult, 'price'> {
  if (!price) return {};
  const { inputUsdPerMillion, outputUsdPerMillion, perQueryUsd, assumed, source } = price;
  return {
    price: {
      input_usd_per_million: inputUsdPerMillion,
      output_usd_per_million: outputUsdPerMillion,
      ...(perQueryUsd !== undefined && { usd_per_query: perQueryUsd }),
      assumed,
      source,
    },
  };
}

function toPerformance({ performance: measured }: ModelSummary): Pick<ModelResult, 'performance'> {
  if (!measured) return {};
  return {
    performance: {
      calls: measured.calls,
      error_rate: measured.errorRate,
      latency_ms: Math.round(measured.latencyMs),
      ...(measured.timeToFirstTokenMs !== undefined && {
        time_to_first_token_ms: Math.round(measured.timeToFirstTokenMs),
      }),
    },
  };
}

function toLifecycle({ model: { lifecycle } }: ModelSummary): ModelResult['lifecycle'] {
  const { status, legacy, eol } = lifecycle;
  return { status, ...(legacy && { legacy }), ...(eol && { eol }) };
}

function toModelResult(summary: ModelSummary): ModelResult {
  const { model, targets, refusal, tool } = summary;
  return {
    id: model.id,
    name: model.name ?? model.id,
    provider: model.provider,
    family: model.family,
    kind: model.kind,
    profiles: Object.values(model.profiles),
    regions: [...new Set(targets.map((target) => target.region))],
    ...(model.contextWindow !== undefined && { context_window: model.contextWindow }),
    ...(model.maxOutput !== undefined && { max_output: model.maxOutput }),
    modalities: { input: model.input, output: model.output },
    capabilities: capabilities(summary),
    lifecycle: toLifecycle(summary),
    successors: model.lifecycle.successors ?? [],
    ...toPrice(summary),
    availability: { callable: targets.length > 0, ...(tool && { tool }), ...(refusal && { reason: refusal }) },
    ...(model.origin && { origin: model.origin }),
    ...toPerformance(summary),
  };
}

function priceText({ price, origin }: ModelResult): string {
  if (!price) return 'price unknown';
  if (origin === 'aws')
    return `price unknown, taken for $${price.input_usd_per_million}/$${price.output_usd_per_million}`;
  if (price.usd_per_query !== undefined) return `$${price.usd_per_query} per query`;
  return `$${price.input_usd_per_million}/$${price.output_usd_per_million} per million in/out`;
}

function toLine(model: ModelResult): string {
  const { callable, reason = '', tool } = model.availability;
  const kind = model.kind === 'chat' ? [] : [model.kind];
  const use = callable
    ? [model.regions.join(', '), ...(kind.length > 0 && tool ? [`use ${tool}`] : [])]
    : [`not callable: ${reason}`];
  const parts = [`${model.id} (${model.name})`, ...kind, model.lifecycle.status, priceText(model), ...use];
  return [...parts, ...(model.origin === 'aws' ? ['known from AWS only'] : [])].join(' · ');
}

/** Statuses are lower case for callers and as AWS writes them in the catalogue. */
function toFilter({ status, ...rest }: z.output<typeof input>): ModelFilter {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(status && { status: status.toUpperCase() }) };
}

/** The whole catalogue is long and mostly history; a model that asks without a filter wants something to call. */
const canBePicked = ({ model, targets }: ModelSummary) =>
  model.kind === 'chat' && model.lifecycle.status === 'ACTIVE' && targets.length > 0;

export const bedrockModels = defineTool({
  name: 'bedrock_models',
  title: 'List Bedrock models',
  description:
    'List the models this server knows: id, price, limits, lifecycle, where they can be called and how they performed. ' +
    'Use it to pick a `model`, also for bedrock_embed and bedrock_rerank, or to see why one cannot be called. ' +
    'Without a filter: the chat models to pick from here.',
  kind: 'read',
  input,
  example: { provider: 'anthropic', status: 'active' },
  output,
  handle: async (filter, service) => {
    const wanted = toFilter(filter);
    const listed = await service.models(wanted);
    const models = (Object.keys(wanted).length > 0 ? listed : listed.filter(canBePicked)).map(toModelResult);
    const text = models.length === 0 ? 'No model fits this filter.' : models.map(toLine).join('\n');
    return { structured: { models }, text };
  },
});
