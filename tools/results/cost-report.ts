import { z } from 'zod';
import { budgetPeriods, budgetUnits } from '../../src/core/budget.js';
import type { CostReport, PeriodForecast, TopSpender } from '../../src/core/cost-report.js';
import type { Budget } from '../../src/core/integration-service.js';
import { type CostGrouping, costGroupings, type SpendGroup, type SpentCall } from '../../src/core/ledger.js';
import type { TimeRange } from '../../src/core/report-period.js';
import { toUsd } from './money.js';
import { toUsageResult, usageResult } from './usage.js';

const totals = z.strictObject({
  calls: z.int(),
  cost_usd: z.number(),
  usage: usageResult,
  cache_savings_usd: z.number(),
  prompt_cache_savings_usd: z.number(),
  routing_savings_usd: z.number(),
});
const group = totals.extend({ key: z.string() }).meta({ id: 'group' });
const budget = z.strictObject({
  scope: z.string(),
  unit: z.enum(budgetUnits).describe('Without usd: see limit, spent, reserved.'),
  period: z.enum(budgetPeriods),
  hard: z.boolean(),
  limit: z.number().optional(),
  spent: z.number(),
  reserved: z.number(),
  limit_usd: z.number().optional(),
  spent_usd: z.number().optional(),
  reserved_usd: z.number().optional(),
  remaining_usd: z.number().optional(),
  state: z.enum(['open', 'near_limit', 'exhausted', 'unlimited']),
  resets_at: z.string(),
});
const forecast = z.strictObject({
  cost_usd: z.number(),
  low_usd: z.number().optional(),
  high_usd: z.number().optional(),
  method: z.string(),
});
const topSpender = z.strictObject({
  by: z.string(),
  key: z.string(),
  calls: z.int(),
  cost_usd: z.number(),
  share: z.number(),
});
const call = z.strictObject({
  request_id: z.string(),
  at: z.string(),
  caller: z.string(),
  session: z.string().optional(),
  task: z.string().optional(),
  tags: z.record(z.string(), z.string()),
  cost_usd: z.number(),
  estimated: z.boolean(),
  attempts: z.array(z.record(z.string(), z.unknown())),
});

/** Not every listing of the tools has to tell what is in it; the reference does. */
const listedBriefly = <Item extends z.ZodType>(item: Item) =>
  z.array(item).meta({ brief: { type: 'array', items: { type: 'object' } } });

export const costReportResult = z.strictObject({
  period: z.strictObject({ from: z.string(), to: z.string() }),
  group_by: z.enum(costGroupings),
  totals,
  groups: z.array(group),
  series: z.array(group).describe('Over time: by hour up to two days, else by day.'),
  budgets: listedBriefly(budget),
  forecast: forecast.optional().describe('Of the whole period; low to high: 90 %.'),
  top: listedBriefly(topSpender).optional(),
  calls: listedBriefly(call).optional(),
});
export type CostReportResult = z.input<typeof costReportResult>;

function toTotals(spend: SpendGroup): z.input<typeof totals> {
  return {
    calls: spend.calls,
    cost_usd: toUsd(spend.cost),
    usage: toUsageResult(spend.usage),
    cache_savings_usd: toUsd(spend.saved),
    prompt_cache_savings_usd: toUsd(spend.promptCacheSaved),
    routing_savings_usd: toUsd(spend.routingSaved),
  };
}

const toGroup = (spend: SpendGroup): z.input<typeof group> => ({ key: spend.key, ...toTotals(spend) });

function toBudget({ scope, unit, period, hard, state, resetsAtMs, ...counted }: Budget): z.input<typeof budget> {
  const { limit, spent, reserved } = counted;
  const inUnit = (amount: number): number => (unit === 'usd' ? toUsd(amount) : amount);
  const usd = unit === 'usd' && {
    ...(limit !== undefined && { limit_usd: toUsd(limit) }),
    spent_usd: toUsd(spent),
    reserved_usd: toUsd(reserved),
    ...(limit !== undefined && { remaining_usd: toUsd(Math.max(0, limit - spent - reserved)) }),
  };
  return {
    scope,
    unit,
    period,
    hard,
    ...(limit !== undefined && { limit: inUnit(limit) }),
    spent: inUnit(spent),
    reserved: inUnit(reserved),
    ...usd,
    state,
    resets_at: new Date(resetsAtMs).toISOString(),
  };
}

/** How a forecast was made, in words. */
export const forecastMethod = ({ basis, days }: PeriodForecast): string =>
  basis === 'days' ? `mean of the last ${days} days` : 'pace so far';

function toForecast(found: PeriodForecast): z.input<typeof forecast> {
  const { cost, interval } = found;
  return {
    cost_usd: toUsd(cost),
    ...(interval && { low_usd: toUsd(interval.low), high_usd: toUsd(interval.high) }),
    method: forecastMethod(found),
  };
}

const toTop = ({ by, key, calls, cost, share }: TopSpender): z.input<typeof topSpender> => ({
  by,
  key,
  calls,
  cost_usd: toUsd(cost),
  share: Math.round(share * 1e4) / 1e4,
});

function toCall({ requestId, atMs, caller, session, task, tags, cost, attempts }: SpentCall): z.input<typeof call> {
  return {
    request_id: requestId,
    at: new Date(atMs).toISOString(),
    caller,
    ...(session !== undefined && { session }),
    ...(task !== undefined && { task }),
    tags,
    cost_usd: toUsd(cost.nanoUsd),
    estimated: cost.estimated,
    attempts: attempts.map(toAttempt),
  };
}

function toAttempt(attempt: SpentCall['attempts'][number]): Record<string, unknown> {
  const { model, region, profile, serviceTier, source, outcome, latencyMs, cost, costParts, priceVersion } = attempt;
  const parts = costParts && Object.entries(costParts).filter(([, amount]) => amount !== 0);
  return {
    model,
    region,
    ...(profile !== undefined && { profile }),
    ...(serviceTier !== undefined && { service_tier: serviceTier }),
    source,
    outcome,
    latency_ms: latencyMs,
    usage: toUsageResult(attempt.usage),
    cost_usd: toUsd(cost.nanoUsd),
    ...(parts && { cost_parts_usd: Object.fromEntries(parts.map(([part, amount]) => [part, toUsd(amount)])) }),
    ...(priceVersion !== undefined && { price_version: priceVersion }),
    ...(attempt.recovered && { recovered: true }),
  };
}

export function toCostReportResult(report: CostReport, range: TimeRange, groupBy: CostGrouping): CostReportResult {
  const { forecast: expected, top, calls } = report;
  return {
    period: { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() },
    group_by: groupBy,
    totals: toTotals(report.totals),
    groups: report.groups.map(toGroup),
    series: report.series.map(toGroup),
    budgets: report.budgets.map(toBudget),
    ...(expected && { forecast: toForecast(expected) }),
    ...(top && { top: top.map(toTop) }),
    ...(calls && { calls: calls.map(toCall) }),
  };
}
