import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { CostQuery, CostReport } from '../../core/cost-report.js';
import type { BedrockIntegrationService } from '../../core/integration-service.js';
import { type CostGrouping, costGroupings } from '../../core/ledger.js';
import { customRange, namedRange, parseMoment, periods, type TimeRange } from '../../core/report-period.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';
import type { Terminal } from '../terminal.js';
import { costView, money } from '../views.js';

const barWidth = 24;
const mostListed = 100;
const namedPeriods = periods.filter((period) => period !== 'custom');

interface UsageFlags extends ServeFlags {
  readonly period: string;
  readonly from?: string;
  readonly to?: string;
  readonly groupBy: string;
  readonly top?: string;
  readonly calls?: string;
  readonly csv?: boolean;
  readonly chart?: string;
  readonly json?: boolean;
}

export function addUsage(program: Command, { configure, terminal, clock }: CommandContext): void {
  const command = program
    .command('usage')
    .description('show what was spent (days are UTC)')
    .option('--period <period>', namedPeriods.join(', '), 'today')
    .option('--from <moment>', 'ISO date or time, in place of a period')
    .option('--to <moment>', 'its end; a date includes its whole day (default: now)')
    .option('--group-by <key>', costGroupings.join(', '), 'model')
    .option('--top <count>', 'name so many top spenders of each kind')
    .option('--calls <count>', 'list so many of the dearest calls')
    .option('--csv', 'print the groups as CSV')
    .option('--chart <file>', 'write a picture (PNG) as well');
  takesJson(takesSettings(command)).action(async (flags: UsageFlags) => {
    const query = queryOf(flags, clock.nowMs());
    const configuration = await configure(flags);
    await configuration.withService(async (service) => {
      const report = await service.costReport(query);
      if (flags.chart !== undefined) await writeFile(flags.chart, await filesOf(service).chart(report, query));
      if (flags.json) terminal.json(costView(report));
      else if (flags.csv) terminal.print((await filesOf(service).csv(report, query.groupBy)).trimEnd());
      else printReport(report, flags, terminal);
    });
  });
}

function filesOf({ costFiles }: BedrockIntegrationService): NonNullable<typeof costFiles> {
  if (!costFiles) throw usageFailure('This server makes no files of reports.');
  return costFiles;
}

function queryOf(flags: UsageFlags, nowMs: number): CostQuery {
  const top = countOf('--top', flags.top);
  const calls = countOf('--calls', flags.calls);
  return {
    ...rangeOf(flags, nowMs),
    groupBy: groupingOf(flags.groupBy),
    ...(top !== undefined && { top }),
    ...(calls !== undefined && { calls: { order: 'dearest' as const, limit: calls } }),
    ...(flags.chart !== undefined && { split: true }),
  };
}

/** A period that goes on ends with itself, so that it can be forecast. */
function rangeOf({ period, from, to }: UsageFlags, nowMs: number): TimeRange {
  if (from !== undefined) {
    if (parseMoment(from) === undefined) throw usageFailure('--from must be an ISO date or a time with its zone.');
    if (to !== undefined && parseMoment(to) === undefined) {
      throw usageFailure('--to must be an ISO date or a time with its zone.');
    }
    return customRange(from, to, nowMs);
  }
  if (to !== undefined) throw usageFailure('--to needs --from.');
  const found = namedPeriods.find((name) => name === period);
  if (!found) throw usageFailure(`--period must be one of ${namedPeriods.join(', ')}.`);
  return namedRange(found, nowMs);
}

function groupingOf(name: string): CostGrouping {
  const grouping = costGroupings.find((known) => known === name);
  if (!grouping) throw usageFailure(`--group-by must be one of ${costGroupings.join(', ')}.`);
  return grouping;
}

function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) > mostListed) {
    throw usageFailure(`${flag} must be a number from 1 to ${mostListed}.`);
  }
  return Number(text);
}

function printReport(report: CostReport, flags: UsageFlags, terminal: Terminal): void {
  const { totals, groups, budgets } = report;
  const most = Math.max(1, ...groups.map((group) => group.cost));
  terminal.table(
    [flags.groupBy, 'calls', 'tokens', 'cost', ''],
    groups.map(({ key, calls, usage, cost }) => [
      key === '' ? '(none)' : terminal.foreign(key),
      String(calls),
      usage.totalTokens.toLocaleString('en'),
      money(cost),
      terminal.style('cyan', '█'.repeat(Math.round((cost / most) * barWidth))),
    ]),
  );
  const period = flags.from === undefined ? flags.period : `${flags.from} to ${flags.to ?? 'now'}`;
  terminal.print(terminal.style('bold', `${period}: ${totals.calls} calls, ${money(totals.cost)}${savings(report)}`));
  printForecast(report, terminal);
  for (const { scope, unit, spent, limit, state } of budgets) {
    const text = (amount: number): string =>
      unit === 'usd' ? money(amount) : `${amount.toLocaleString('en')} ${unit}`;
    terminal.print(`Budget ${scope}: ${text(spent)} of ${limit === undefined ? 'no limit' : text(limit)} (${state})`);
  }
  printDetails(report, terminal);
}

function savings({ totals: { saved, promptCacheSaved, routingSaved } }: CostReport): string {
  const by = (amount: number, what: string): string => (amount > 0 ? `, ${money(amount)} saved by ${what}` : '');
  return by(saved, 'the cache') + by(promptCacheSaved, 'prompt caching') + by(routingSaved, 'routing');
}

function printForecast({ forecast }: CostReport, terminal: Terminal): void {
  if (!forecast) return;
  const { cost, interval, basis, days } = forecast;
  const range = interval ? ` (90 %: ${money(interval.low)} to ${money(interval.high)})` : '';
  const how = basis === 'days' ? `As in the last ${days} days` : 'At this rate';
  terminal.print(`${how}: ${money(cost)} for the whole period${range}`);
}

function printDetails({ top = [], calls = [] }: CostReport, terminal: Terminal): void {
  if (top.length > 0) {
    terminal.table(
      ['top', 'key', 'calls', 'cost', 'share'],
      top.map(({ by, key, calls: count, cost, share }) => [
        by,
        terminal.foreign(key),
        String(count),
        money(cost),
        `${Math.round(share * 100)} %`,
      ]),
    );
  }
  if (calls.length > 0) {
    terminal.table(
      ['call', 'at', 'caller', 'model', 'cost'],
      calls.map(({ requestId, atMs, caller, cost, attempts }) => [
        requestId,
        new Date(atMs).toISOString(),
        terminal.foreign(caller),
        attempts.at(-1)?.model ?? '',
        money(cost.nanoUsd),
      ]),
    );
  }
}
