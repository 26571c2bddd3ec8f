import { z } from 'zod';
import type { HealthReport } from '../src/core/integration-service.js';
import { healthStatuses } from '../src/core/ports.js';
import { targetKey } from '../src/core/target.js';
import { defineTool } from '../src/server/define-tool.js';
import { targetResult, toTargetResult } from './results/target.js';

const output = z.strictObject({
  status: z.enum(healthStatuses),
  checks: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(healthStatuses),
      detail: z.string(),
      remedy: z.string().optional(),
      checked_at: z.string().describe('ISO 8601.'),
    }),
  ),
  models: z.array(
    targetResult.extend({
      calls: z.int(),
      error_rate: z.number(),
      latency_ms: z.number(),
      time_to_first_token_ms: z.number().optional(),
    }),
  ),
  breakers: z.array(
    targetResult.extend({
      state: z.enum(['closed', 'open', 'half-open']),
      why: z.string().optional(),
      retry_after_ms: z.number().optional(),
    }),
  ),
  version: z.string(),
  uptime_seconds: z.number(),
});
type Output = z.input<typeof output>;

function toChecks(report: HealthReport): Output['checks'] {
  return report.checks.map(({ name, status, detail, remedy, checkedAtMs }) => ({
    name,
    status,
    detail,
    ...(remedy && { remedy }),
    checked_at: new Date(checkedAtMs).toISOString(),
  }));
}

function toModels(report: HealthReport): Output['models'] {
  return report.performance.map(({ target, calls, errorRate, latencyMs, timeToFirstTokenMs }) => ({
    ...toTargetResult(target),
    calls,
    error_rate: errorRate,
    latency_ms: Math.round(latencyMs),
    ...(timeToFirstTokenMs !== undefined && { time_to_first_token_ms: Math.round(timeToFirstTokenMs) }),
  }));
}

function toBreakers(report: HealthReport): Output['breakers'] {
  return report.breakers.map(({ target, state, why, retryAfterMs }) => ({
    ...toTargetResult(target),
    state,
    ...(why && { why }),
    ...(retryAfterMs !== undefined && { retry_after_ms: Math.ceil(retryAfterMs) }),
  }));
}

function toText(report: HealthReport): string {
  const checks = report.checks.map(
    ({ name, status, detail, remedy }) => `${name}: ${status}, ${detail}${remedy ? ` (${remedy})` : ''}`,
  );
  const open = report.breakers
    .filter(({ state }) => state !== 'closed')
    .map(({ target, state, why }) => `breaker ${targetKey(target)}: ${state}${why ? `, ${why}` : ''}`);
  return [`${report.status}, version ${report.version}`, ...checks, ...open].join('\n');
}

export const bedrockHealth = defineTool({
  name: 'bedrock_health',
  title: 'Health of the server and its models',
  description:
    'Tell whether the server, its AWS credentials and its models work, and what to do when something does not. ' +
    'Use it when calls fail. `deep` also asks AWS; it never calls a model.',
  kind: 'read',
  input: z.strictObject({ deep: z.boolean().optional().describe('Also ask other systems. Slower.') }),
  example: { deep: true },
  output,
  handle: async ({ deep = false }, service) => {
    const report = await service.health(deep);
    const structured = {
      status: report.status,
      checks: toChecks(report),
      models: toModels(report),
      breakers: toBreakers(report),
      version: report.version,
      uptime_seconds: Math.round(report.uptimeSeconds),
    };
    return { structured, text: toText(report) };
  },
});
