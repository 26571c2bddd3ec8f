import { describe, expect, it } from '@jest/globals';
import type { CostReport } from '../../src/core/cost-report.js';
import type { SpendGroup } from '../../src/core/ledger.js';
import { noUsage } from '../../src/core/response.js';
import { createChartPainter } from '../../src/reporting/chart.js';
import { drawChart } from '../../src/reporting/chart-drawing.js';
import { chartInput } from '../../src/reporting/chart-input.js';
import { csvOf } from '../../src/reporting/csv.js';

const group = (key: string, cost = 1_500_000_000, rest: Partial<SpendGroup> = {}): SpendGroup => ({
  key,
  calls: 2,
  cost,
  saved: 500_000,
  promptCacheSaved: -1,
  routingSaved: 0,
  usage: { ...noUsage, inputTokens: 10, outputTokens: 5, totalTokens: 15 },
  ...rest,
});
const reportOf = (groups: readonly SpendGroup[], rest: Partial<CostReport> = {}): CostReport => ({
  totals: group(
    '',
    groups.reduce((sum, { cost }) => sum + cost, 0),
  ),
  groups,
  series: [],
  budgets: [],
  ...rest,
});
const query = { fromMs: Date.UTC(2026, 10, 1), toMs: Date.UTC(2026, 11, 1), groupBy: 'caller' as const };

describe('CSV', () => {
  it('ends every line with CRLF and quotes what has to be quoted', async () => {
    const text = await csvOf(reportOf([group('plain'), group('with "quotes", and\r\nlines')]), 'caller');
    expect(text).toBe(
      'caller,calls,cost_usd,total_tokens,cache_savings_usd,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,prompt_cache_savings_usd,routing_savings_usd\r\n' +
        'plain,2,1.500000000,15,0.000500000,10,5,0,0,-0.000000001,0.000000000\r\n' +
        '"with ""quotes"", and\r\nlines",2,1.500000000,15,0.000500000,10,5,0,0,-0.000000001,0.000000000\r\n',
    );
  });

  it.each(['=HYPERLINK("http://x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1'])(
    'lets no spreadsheet run %j',
    async (key) => {
      const [, line = ''] = (await csvOf(reportOf([group(key)]), 'caller')).split(/\r\n(?=['"])/);
      expect(line.replace(/^"/, '').startsWith("'")).toBe(true);
    },
  );
});

describe('the picture', () => {
  const split = [
    group('ann', 1e9, { at: '2026-11-01' }),
    group('<b>&"bob"</b> ünï'.repeat(4), 5e8, { at: '2026-11-02' }),
  ];
  const series = [group('2026-11-01', 1.25e9), group('2026-11-02', 5e8)];
  const many = Array.from({ length: 30 }, (_, index) => group(`caller-${index}`, 1e9 - index));

  it('has what the shown groups do not have as a group of its own, so that each span adds up', () => {
    const { points } = chartInput(reportOf([group('ann')], { series, split }), query);
    expect(points.filter(({ at }) => at === '2026-11-01')).toEqual([
      { at: '2026-11-01', key: 'ann', usd: 1 },
      { at: '2026-11-01', key: 'all others', usd: 0.25 },
    ]);
  });

  it('has a bar for all others where there are many groups', () => {
    const { groups } = chartInput(reportOf(many), query);
    expect(groups).toHaveLength(13);
    expect(groups.at(-1)?.key).toBe('all others');
    expect(groups.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  it.each([
    ['groups over time', reportOf([group('ann'), ...many], { series, split })],
    ['groups alone', reportOf(many)],
    ['nothing at all', reportOf([])],
  ])('is a PNG of %s', (_, report) => {
    const png = drawChart(chartInput(report, query));
    expect(Buffer.from(png.subarray(0, 8)).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
    const view = new DataView(png.buffer, png.byteOffset);
    expect(view.getUint32(16)).toBe(960);
    expect(png.byteLength).toBeLessThan(400_000);
  });

  it('is drawn in a thread, and a queue that is too long is refused', async () => {
    const paint = createChartPainter();
    const input = chartInput(reportOf([group('ann')], { series, split }), query);
    const all = Array.from({ length: 9 }, () => paint(input).catch((error: Error) => error.message));
    expect(await all[8]).toBe('Too many charts are being drawn.');
    const pictures = (await Promise.all(all.slice(0, 2))).filter((picture) => typeof picture !== 'string');
    expect(pictures.map((picture) => Buffer.from(picture.subarray(1, 4)).toString())).toEqual(['PNG', 'PNG']);
    await Promise.all(all);
  }, 120_000);
});
