import type { CostQuery, CostReport } from '../core/cost-report.js';
import type { SpendGroup } from '../core/ledger.js';

/** What a span of time took of a group. */
export interface ChartPoint {
  readonly at: string;
  readonly key: string;
  readonly usd: number;
}

/** All that a picture shows; crosses to the thread that draws it. */
export interface ChartInput {
  readonly title: string;
  readonly points: readonly ChartPoint[];
  readonly groups: readonly { readonly key: string; readonly usd: number; readonly share: number }[];
}

/** As many as a picture can show; the rest is one bar. */
const mostBars = 12;
const others = 'all others';

const usd = ({ cost }: SpendGroup): number => cost / 1e9;

export function chartInput(report: CostReport, { fromMs, toMs, groupBy, key }: CostQuery): ChartInput {
  const { totals, groups, series, split = [] } = report;
  const isTime = groupBy === 'hour' || groupBy === 'day';
  const shown = groups.slice(0, mostBars).map((group) => ({ key: group.key, usd: usd(group) }));
  const rest = groups.slice(mostBars).reduce((sum, group) => sum + usd(group), 0);
  const bars = rest > 0 ? [...shown, { key: others, usd: rest }] : shown;
  const ofWhat = key === undefined ? `by ${groupBy}` : `of ${groupBy} ${key.slice(0, 60)}`;
  return {
    title: `${day(fromMs)} to ${day(toMs - 1)} UTC: $${(totals.cost / 1e9).toFixed(4)} ${ofWhat}`,
    points: isTime ? spans(groups) : split.length > 0 ? withRest(split, series) : spans(series),
    // Spans of time are the upper picture already.
    groups: isTime ? [] : bars.map((bar) => ({ ...bar, share: totals.cost === 0 ? 0 : (bar.usd * 1e9) / totals.cost })),
  };
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const spans = (series: readonly SpendGroup[]): readonly ChartPoint[] =>
  series.map((span) => ({ at: span.key, key: 'spend', usd: usd(span) }));

/** Each span adds up to its whole: what the groups shown do not have belongs to the others. */
function withRest(split: readonly SpendGroup[], series: readonly SpendGroup[]): readonly ChartPoint[] {
  const points = split.map((group) => ({ at: group.at ?? '', key: group.key, usd: usd(group) }));
  const rest = series.flatMap((span) => {
    const told = points.filter(({ at }) => at === span.key).reduce((sum, point) => sum + point.usd, 0);
    const left = usd(span) - told;
    return left > 1e-9 ? [{ at: span.key, key: others, usd: left }] : [];
  });
  return [...points, ...rest];
}
