import type { Command } from 'commander';
import type { CostReport } from '../../core/integration-service.js';
import { type CostGrouping, costGroupings } from '../../core/ledger.js';
import type { ServeFlags } from '../arguments.js';
import { type CommandContext, takesJson, takesSettings } from '../command-context.js';
import { usageFailure } from '../failures.js';
import type { Terminal } from '../terminal.js';
import { costView, money } from '../views.js';

const dayMs = 86_400_000;
const barWidth = 24;

/** Begin and end of a period, from the start of today and now. */
type Period = (todayMs: number, nowMs: number) => readonly [number, number];

function startOfMonth(todayMs: number): number {
  const today = new Date(todayMs);
  return Date.UTC(today.getUTCFullYear(), today.getUTCMonth());
}

const periods: Readonly<Record<string, Period>> = {
  today: (todayMs, nowMs) => [todayMs, nowMs],
  yesterday: (todayMs) => [todayMs - dayMs, todayMs],
  last_7_days: (todayMs, nowMs) => [todayMs - 6 * dayMs, nowMs],
  last_30_days: (todayMs, nowMs) => [todayMs - 29 * dayMs, nowMs],
  this_month: (todayMs, nowMs) => [startOfMonth(todayMs), nowMs],
};

interface UsageFlags extends ServeFlags {
  readonly period: string;
  readonly groupBy: string;
  readonly json?: boolean;
}

export function addUsage(program: Command, { configure, terminal, clock }: CommandContext): void {
  const command = program
    .command('usage')
    .description('show what was spent (days are UTC)')
    .option('--period <period>', Object.keys(periods).join(', '), 'today')
    .option('--group-by <key>', costGroupings.join(', '), 'model');
  takesJson(takesSettings(command)).action(async (flags: UsageFlags) => {
    const query = { ...windowOf(flags.period, clock.nowMs()), groupBy: groupingOf(flags.groupBy) };
    const configuration = await configure(flags);
    const report = await configuration.withService((service) => service.costReport(query));
    if (flags.json) terminal.json(costView(report));
    else printReport(report, flags, terminal);
  });
}

function windowOf(period: string, nowMs: number): { fromMs: number; toMs: number } {
  const found = Object.entries(periods).find(([name]) => name === period)?.[1];
  if (!found) throw usageFailure(`--period must be one of ${Object.keys(periods).join(', ')}.`);
  const [fromMs, toMs] = found(Math.floor(nowMs / dayMs) * dayMs, nowMs);
  return { fromMs, toMs };
}

function groupingOf(name: string): CostGrouping {
  const grouping = costGroupings.find((known) => known === name);
  if (!grouping) throw usageFailure(`--group-by must be one of ${costGroupings.join(', ')}.`);
  return grouping;
}

function printReport({ totals, groups, budgets, forecast }: CostReport, flags: UsageFlags, terminal: Terminal): void {
  const most = Math.max(1, ...groups.map((group) => group.cost));
  terminal.table(
    [flags.groupBy, 'calls', 'tokens', 'cost', ''],
    groups.map(({ key, calls, usage, cost }) => [
      key === '' ? '(none)' : key,
      String(calls),
      usage.totalTokens.toLocaleString('en'),
      money(cost),
      terminal.style('cyan', '█'.repeat(Math.round((cost / most) * barWidth))),
    ]),
  );
  const saved = totals.saved > 0 ? `, ${money(totals.saved)} saved by the cache` : '';
  terminal.print(terminal.style('bold', `${flags.period}: ${totals.calls} calls, ${money(totals.cost)}${saved}`));
  if (forecast !== undefined) terminal.print(`At this rate: ${money(forecast)} for the whole period`);
  for (const { scope, unit, spent, limit, state } of budgets) {
    const text = (amount: number): string =>
      unit === 'usd' ? money(amount) : `${amount.toLocaleString('en')} ${unit}`;
    terminal.print(`Budget ${scope}: ${text(spent)} of ${limit === undefined ? 'no limit' : text(limit)} (${state})`);
  }
}
