import { z } from 'zod';
import type { CostQuery, CostReport } from '../src/core/cost-report.js';
import { ServiceError } from '../src/core/errors.js';
import type { BedrockIntegrationService, Budget } from '../src/core/integration-service.js';
import { costGroupings } from '../src/core/ledger.js';
import { customRange, namedRange, parseMoment, periods, type TimeRange } from '../src/core/report-period.js';
import { defineTool, type ToolAnswer } from '../src/server/define-tool.js';
import { type CostReportResult, costReportResult, forecastMethod, toCostReportResult } from './results/cost-report.js';
import { usdText } from './results/money.js';
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
    key: z.string().max(300).optional().describe('One group only, such as a caller.'),
    top: z.int().min(0).max(20).optional().describe('Name so many top spenders of each kind.'),
    calls: z.int().min(0).max(100).optional().describe('List so many single calls.'),
    order: z.enum(['dearest', 'latest']).optional().describe('Of `calls`. Default dearest.'),
    format: z.enum(['table', 'csv', 'chart']).optional().describe('Of the text; chart adds a picture. Default table.'),
  })
  .refine(({ period, from }) => period !== 'custom' || from !== undefined, '`period` custom needs `from`')
  .refine(
    ({ period, from, to }) => (period ?? 'custom') === 'custom' || (from ?? to) === undefined,
    '`from` and `to` go with `period` custom only',
  )
  .refine(({ from, to }) => to === undefined || from !== undefined, '`to` needs `from`')
  .refine(
    ({ key, group_by }) => key === undefined || (group_by !== 'hour' && group_by !== 'day'),
    '`key` does not go with `group_by` hour or day: give `from` and `to`',
  )
  .refine(({ calls, order }) => order === undefined || calls !== undefined, '`order` needs `calls`');
type Input = z.output<typeof input>;

function budgetLine({ scope, unit, limit, spent, reserved, state }: Budget): string {
  const text = (amount: number): string => (unit === 'usd' ? usdText(amount) : `${amount} ${unit}`);
  if (limit === undefined) return `budget ${scope}: no limit, ${text(spent)} spent`;
  return `budget ${scope}: ${text(spent)} spent and ${text(reserved)} reserved of ${text(limit)}, ${state}`;
}

/** How each figure was worked out goes with it. */
function savingLines({ totals }: CostReport): readonly string[] {
  const { saved, promptCacheSaved, routingSaved } = totals;
  return [
    ...(saved > 0 ? [`saved by the cache: ${usdText(saved)} (what new answers would have cost)`] : []),
    ...(promptCacheSaved !== 0
      ? [`saved by prompt caching: ${usdText(promptCacheSaved)} (the same prompts at the plain input price)`]
      : []),
    ...(routingSaved !== 0
      ? [`saved by routing: ${usdText(routingSaved)} (the same tokens at the dearest candidate)`]
      : []),
  ];
}

function forecastLines({ forecast }: CostReport): readonly string[] {
  if (!forecast) return [];
  const { cost, interval } = forecast;
  const range = interval ? ` (90 % between ${usdText(interval.low)} and ${usdText(interval.high)})` : '';
  return [`forecast for the whole period: ${usdText(cost)}${range}, by the ${forecastMethod(forecast)}`];
}

const detailLines = ({ top = [], calls = [] }: CostReport): readonly string[] => [
  ...top.map(({ by, key, cost, share }) => `top ${by} ${key}: ${usdText(cost)}, ${Math.round(share * 100)} %`),
  ...calls.map(
    ({ requestId, atMs, caller, cost, attempts }) =>
      `call ${requestId} ${new Date(atMs).toISOString()} ${caller} ${attempts.at(-1)?.model}: ${usdText(cost.nanoUsd)}`,
  ),
];

function toTable(report: CostReport, { period }: CostReportResult): string {
  const { totals: sum, groups } = report;
  const head = `${period.from.slice(0, 16)} to ${period.to.slice(0, 16)} UTC: ${sum.calls} calls, ${usdText(sum.cost)}, ${sum.usage.totalTokens} tokens`;
  const width = Math.max(0, ...groups.map(({ key }) => key.length));
  const rows = groups.map(
    ({ key, calls, cost, usage }) =>
      `${key.padEnd(width)}  ${usdText(cost).padStart(12)}  ${calls} calls  ${usage.totalTokens} tokens`,
  );
  const rest = [...savingLines(report), ...report.budgets.map(budgetLine), ...forecastLines(report)];
  return [head, ...rows, ...rest, ...detailLines(report)].join('\n');
}

function rangeOf({ period, from, to }: Input, nowMs: number): TimeRange {
  if (from !== undefined) return customRange(from, to, nowMs);
  return namedRange(period === undefined || period === 'custom' ? 'today' : period, nowMs);
}

function queryOf({ group_by, key, top, calls, order = 'dearest', format }: Input, range: TimeRange): CostQuery {
  return {
    ...range,
    groupBy: group_by ?? 'model',
    ...(key !== undefined && { key }),
    ...(top !== undefined && { top }),
    ...(calls !== undefined && calls > 0 && { calls: { order, limit: calls } }),
    ...(format === 'chart' && { split: true }),
  };
}

/** The text, and the picture, that go with the structured result. */
async function presented(
  { costFiles }: BedrockIntegrationService,
  report: CostReport,
  query: CostQuery,
  { format, table }: { readonly format: Input['format']; readonly table: string },
): Promise<Pick<ToolAnswer, 'text' | 'images'>> {
  if (format === undefined || format === 'table') return { text: table };
  if (!costFiles) throw new ServiceError('validation', `This server makes no ${format}.`);
  if (format === 'csv') return { text: await costFiles.csv(report, query.groupBy) };
  const png = await costFiles.chart(report, query);
  return { text: table, images: [{ mimeType: 'image/png', base64: Buffer.from(png).toString('base64') }] };
}

export const bedrockCostReport = defineTool({
  name: 'bedrock_cost_report',
  title: 'Report what was spent',
  description:
    'Report cost, tokens and savings of a period, grouped as you like, with budgets and a forecast. Use it to ' +
    'answer what was spent, by whom or on which model, and how much budget is left.',
  kind: 'read',
  input,
  example: { period: 'last_7_days', group_by: 'model' },
  output: costReportResult,
  view: costReportViewUri,
  handle: async (given, service, { clock, caller }) => {
    const range = rangeOf(given, clock.nowMs());
    const query = queryOf(given, range);
    const report = await service.costReport(query, caller);
    const structured = toCostReportResult(report, range, query.groupBy);
    const table = toTable(report, structured);
    return { structured, ...(await presented(service, report, query, { format: given.format, table })) };
  },
});
