import { z } from 'zod';
import { ServiceError } from '../src/core/errors.js';
import type { CacheAdministration, CacheReport, CacheSelection } from '../src/core/integration-service.js';
import { type ModelRequest, modelRequest } from '../src/core/request.js';
import { defineTool, type ToolContext } from '../src/server/define-tool.js';
import { toUsd, usdText } from './results/money.js';

const nanoPerUsd = 1e9;

const input = z.strictObject({
  action: z.enum(['stats', 'invalidate', 'warm']),
  key: z.string().max(128).optional(),
  model: z.string().max(256).optional(),
  tag: z.string().max(200).optional().describe('name or name=value'),
  session_id: z.string().max(128).optional(),
  caller: z.string().max(256).optional(),
  older_than_seconds: z.number().min(0).max(1e7).optional(),
  similar_to: z
    .string()
    .max(262_144)
    .optional()
    .describe('Text of the questions to drop. A dry run unless dry_run is false.'),
  threshold: z.number().min(0.1).max(1).optional().describe('Default 0.6.'),
  all: z.boolean().optional().describe('Everything of your tenant.'),
  dry_run: z.boolean().optional().describe('Only count.'),
  requests: z.array(z.looseObject({})).max(100).optional().describe('For warm: as bedrock_invoke takes them.'),
  top: z.int().min(1).max(100).optional().describe('For warm: the questions that saved most. Default 20.'),
  per_second: z.number().min(0.1).max(50).optional().describe('Default 2.'),
  max_cost_usd: z.number().positive().max(10_000).optional(),
});
type Input = z.output<typeof input>;

const output = z.looseObject({ action: z.string() });

function report(stats: CacheReport) {
  const { layers, groups, measured, top, shared } = stats;
  return {
    layers: layers.map(({ p50Ms, p99Ms, ...layer }) => ({ ...layer, p50_ms: p50Ms, p99_ms: p99Ms })),
    bytes: stats.bytes,
    max_bytes: stats.maxBytes,
    entries: stats.entries,
    evictions: stats.evictions,
    eviction: stats.eviction,
    ...(measured && {
      measured_usd: Object.fromEntries(Object.entries(measured).map(([name, saved]) => [name, toUsd(saved)])),
    }),
    ...(shared && { redis: { in_use: shared.inUse, lost_writes: shared.lostWrites, full: shared.full } }),
    groups: groups.map(({ saved, savedTokens, ...group }) => ({
      ...group,
      saved_usd: toUsd(saved),
      saved_tokens: savedTokens,
    })),
    top: top.map(({ saved, ...one }) => ({ ...one, saved_usd: toUsd(saved) })),
  };
}

function selectionOf(given: Input): CacheSelection {
  const [name = '', value] = given.tag?.split(/=(.*)/s) ?? [];
  const { key, model, caller, session_id: session, older_than_seconds: olderThanSeconds, similar_to: text } = given;
  return {
    ...(key !== undefined && { key }),
    ...(model !== undefined && { model }),
    ...(caller !== undefined && { caller }),
    ...(session !== undefined && { session }),
    ...(olderThanSeconds !== undefined && { olderThanSeconds }),
    ...(given.tag !== undefined && { tag: { name, ...(value !== undefined && { value }) } }),
    ...(text !== undefined && { similar: { text, threshold: given.threshold ?? 0.6 } }),
  };
}

async function invalidate(cache: CacheAdministration, given: Input, { caller }: ToolContext) {
  const selection = selectionOf(given);
  if (Object.keys(selection).length === 0 && given.all !== true) {
    throw new ServiceError('validation', 'Nothing says what to drop.', {
      remedy:
        'Give key, model, tag, session_id, caller, older_than_seconds or similar_to; or all: true for everything.',
    });
  }
  const dryRun = given.dry_run ?? selection.similar !== undefined;
  const { entries } = await cache.invalidate(selection, caller, dryRun);
  const text = dryRun
    ? `Would drop ${entries} answers of this process.`
    : `Dropped ${entries} answers of this process.`;
  return { structured: { action: 'invalidate', entries, dry_run: dryRun }, text };
}

function requestsOf(cache: CacheAdministration, { requests, top = 20 }: Input, { caller }: ToolContext) {
  if (!requests) return cache.top(caller, top);
  return requests.map((request, index): ModelRequest => {
    const parsed = modelRequest.safeParse(request);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new ServiceError('validation', `\`requests[${index}]\`: ${issue?.path.join('.')} ${issue?.message}`);
  });
}

async function warm(cache: CacheAdministration, given: Input, context: ToolContext) {
  const requests = requestsOf(cache, given, context);
  const { caller, signal, onEvent } = context;
  const { cost, ...rest } = await cache.warm(
    {
      requests,
      perSecond: given.per_second ?? 2,
      ...(given.max_cost_usd !== undefined && { maxCost: Math.round(given.max_cost_usd * nanoPerUsd) }),
      onDone: (_, done) => onEvent?.({ type: 'cache-warmed', done, total: requests.length }),
    },
    { tool: 'bedrock_cache', caller, signal },
  );
  const text = `${rest.made} made, ${rest.present} present, ${rest.skipped} skipped, ${rest.failed} failed, ${usdText(cost)}`;
  return { structured: { action: 'warm', ...rest, cost_usd: toUsd(cost) }, text };
}

export const bedrockCache = defineTool({
  name: 'bedrock_cache',
  title: 'Cache of answers',
  description:
    'Show what the cache of answers holds and saves, drop answers, or fill it ahead of need. ' +
    'Use `invalidate` when what answers were about has changed; `warm` may call models and spend money.',
  kind: 'admin',
  toolset: 'ops',
  input,
  example: { action: 'stats' },
  output,
  handle: async (given, { cache }, context) => {
    if (!cache) throw new ServiceError('validation', 'This server has no cache.');
    if (given.action === 'invalidate') return invalidate(cache, given, context);
    if (given.action === 'warm') return warm(cache, given, context);
    const stats = report(cache.stats(context.caller));
    return {
      structured: { action: 'stats', ...stats },
      text: `${stats.entries} answers, ${stats.bytes} of ${stats.max_bytes} bytes, ${stats.evictions} evicted (${stats.eviction})`,
    };
  },
});
