import { z } from 'zod';
import { budgetPeriods, budgetUnits } from '../src/core/budget.js';
import type { Budget, CostReport } from '../src/core/integration-service.js';
import { costGroupings, type SpendGroup } from '../src/core/ledger.js';
import { defineTool } from '../src/server/define-tool.js';
import { toUsd, usdText } from './results/money.js';
import { customRange, namedRange, parseMoment, periods, type TimeRange } from './results/period.js';
import { toUsageResult, usageResult } from './results/usage.js';
import { costReportViewUri } from './views/cost-report-view.js';

const moment = z
  .string()
  .max(40)
  .refine((text) => parseMoment(text) !== undefined, 'must be an ISO date (2026-01-31) or time with zone');

const input = z
  .strictObject({
    period: z.enum(periods).optional().describe('Default today, or custom when `from` is given. Days are UTC.'),
    from: moment.optional().describe('For custom: ISO 8601 date or time.'),
    to: moment.optional().describe('For custom: a date includes its whole day. Default now.'),
    group_by: z.enum(costGroupings).optional().describe('Default model.'),
    format: z.enum(['table', 'csv']).optional().describe('Of the text. Default table.'),
  })
  .refine(({ period, from }) => period !== 'custom' || from !== undefined, '`period` custom needs `from`')
  .refine(
    ({ period, from, to }) => (period ?? 'custom') === 'custom' || (from ?? to) === undefined,
    '`from` and `to` go with `period` custom only',
  )
  .refine(({ from, to }) => to === undefined || from !== undefined, '`to` needs `from`');

const totals = z.strictObject({
  calls: z.int(),
  cost_usd: z.number(),
  usage: usageResult,
  cache_savings_usd: z.number(),
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

const output = z.strictObject({
  period: z.strictObject({ from: z.string(), to: z.string() }),
  group_by: z.enum(costGroupings),
  totals,
  groups: z.array(group),
  series: z.array(group).describe('Over time: by hour up to two days, else by day.'),
  budgets: z.array(budget),
  forecast: z.strictObject({ cost_usd: z.number() }).optional().describe('For the whole period.'),
});
type Output = z.input<typeof output>;

function toTotals({ calls, cost, saved, usage }: SpendGroup): z.input<typeof totals> {
  return { calls, cost_usd: toUsd(cost), usage: toUsageResult(usage), cache_savings_usd: toUsd(saved) };
}

function toGroup(spend: SpendGroup): z.input<typeof group> {
  return { key: spend.key, ...toTotals(spend) };
}

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

function toOutput(report: CostReport, range: TimeRange, groupBy: Output['group_by']): Output {
  const { forecast } = report;
  return {
    period: { from: new Date(range.fromMs).toISOString(), to: new Date(range.toMs).toISOString() },
    group_by: groupBy,
    totals: toTotals(report.totals),
    groups: report.groups.map(toGroup),
    series: report.series.map(toGroup),
    budgets: report.budgets.map(toBudget),
    ...(forecast !== undefined && { forecast: { cost_usd: toUsd(forecast) } }),
  };
}

/** A cell for a spreadsheet: quoted where needed, and a leading = + - @ is no formula. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

function toCsv(report: CostReport, groupBy: string): string {
  const rows = report.groups.map(({ key, calls, cost, saved, usage }) =>
    [csvCell(key), calls, toUsd(cost).toFixed(9), usage.totalTokens, toUsd(saved).toFixed(9)].join(','),
  );
  return [`${groupBy},calls,cost_usd,total_tokens,cache_savings_usd`, ...rows].join('\n');
}

function budgetLine({ scope, unit, limit, spent, reserved, state }: Budget): string {
  const text = (amount: number): string => (unit === 'usd' ? usdText(amount) : `${amount} ${unit}`);
  if (limit === undefined) return `budget ${scope}: no limit, ${text(spent)} spent`;
  return `budget ${scope}: ${text(spent)} spent and ${text(reserved)} reserved of ${text(limit)}, ${state}`;
}

function toTable(report: CostReport, { period }: Output): string {
  const { totals: sum, groups, forecast } = report;
  const head = `${period.from.slice(0, 16)} to ${period.to.slice(0, 16)} UTC: ${sum.calls} calls, ${usdText(sum.cost)}, ${sum.usage.totalTokens} tokens, ${usdText(sum.saved)} saved by the cache`;
  const width = Math.max(0, ...groups.map(({ key }) => key.length));
  const rows = groups.map(
    ({ key, calls, cost, usage }) =>
      `${key.padEnd(width)}  ${usdText(cost).padStart(12)}  ${calls} calls  ${usage.totalTokens} tokens`,
  );
  const outlook = forecast === undefined ? [] : [`forecast for the whole period: ${usdText(forecast)}`];
  return [head, ...rows, ...report.budgets.map(budgetLine), ...outlook].join('\n');
}

function rangeOf({ period, from, to }: z.output<typeof input>, nowMs: number): TimeRange {
  if (from !== undefined) return customRange(from, to, nowMs);
  return namedRange(period === undefined || period === 'custom' ? 'today' : period, nowMs);
}

export const bedrockCostReport = defineTool({
  name: 'bedrock_cost_report',
  title: 'Report what was spent',
  description:
    'Report cost, tokens and cache savings of a period, grouped as you like, with budgets and a forecast. Use it to ' +
    'answer what was spent, by whom or on which model, and how much budget is left.',
  kind: 'read',
  input,
  example: { period: 'last_7_days', group_by: 'model' },
  output,
  view: costReportViewUri,
  handle: async (query, service, { clock, caller }) => {
    const groupBy = query.group_by ?? 'model';
    const range = rangeOf(query, clock.nowMs());
    const report = await service.costReport({ ...range, groupBy }, caller);
    const structured = toOutput(report, range, groupBy);
    return { structured, text: query.format === 'csv' ? toCsv(report, groupBy) : toTable(report, structured) };
  },
});
