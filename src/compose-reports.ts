import type { Clock } from './core/clock.js';
import type { CostReports } from './core/cost-report.js';
import { createChartPainter } from './reporting/chart.js';
import { chartInput } from './reporting/chart-input.js';
import { type CostReportOptions, createCostReporter } from './reporting/cost-reports.js';
import { csvOf } from './reporting/csv.js';

export interface ReportParts extends CostReportOptions {
  readonly clock: Clock;
}

/** What is told of spending. The libraries that write files and draw are loaded when they are first asked for. */
export function openReports(parts: ReportParts): CostReports {
  const paint = createChartPainter();
  return {
    report: createCostReporter(parts),
    csv: csvOf,
    chart: (report, query) => paint(chartInput(report, query)),
  };
}
