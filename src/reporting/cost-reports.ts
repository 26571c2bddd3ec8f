import type { Clock } from '../core/clock.js';
import type { CostQuery, CostReports, PeriodForecast, TopSpender } from '../core/cost-report.js';
import type { Budget } from '../core/integration-service.js';
import type { CallQuery, Ledger, SpenderGrouping, SpendGroup } from '../core/ledger.js';
import type { Caller } from '../core/pipeline.js';
import { noUsage } from '../core/response.js';
import { forecastOf, historyStart } from './forecast.js';

const longestHourlySeriesMs = 2 * 86_400_000;
/** Groups that are told apart over time: as many as a picture can show. */
const mostSplitGroups = 8;
const spenderGroupings: readonly SpenderGrouping[] = ['caller', 'model', 'task', 'session', 'tag'];

const noSpend: SpendGroup = {
  key: '',
  calls: 0,
  cost: 0,
  saved: 0,
  promptCacheSaved: 0,
  routingSaved: 0,
  usage: noUsage,
};

export interface CostReportOptions {
  readonly ledger: Pick<Ledger, 'spend' | 'calls'>;
  /** All of them, or those that are a caller's or his groups'. */
  readonly budgets: (caller?: Caller) => Promise<readonly Budget[]>;
  /** Books what waits to be booked. */
  readonly settle?: () => Promise<void>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/** Puts together what the ledger knows of a period. */
export function createCostReporter(given: CostReportOptions): CostReports['report'] {
  return async (query, caller) => {
    await given.settle?.();
    const options = caller ? { ...given, ledger: ofCaller(given.ledger, caller.id) } : given;
    const { ledger, budgets } = options;
    const { fromMs, toMs, groupBy } = query;
    const per = toMs - fromMs <= longestHourlySeriesMs ? 'hour' : 'day';
    const chosen = query.key === undefined ? {} : { groupBy, keys: [query.key] };
    const [[totals = noSpend], groups, series, now] = await Promise.all([
      ledger.spend({ fromMs, toMs, ...chosen }),
      ledger.spend({ fromMs, toMs, groupBy, ...chosen }),
      query.key === undefined
        ? ledger.spend({ fromMs, toMs, groupBy: per })
        : ledger.spend({ fromMs, toMs, ...chosen, per }).then((spans) => spans.map(asSpan)),
      budgets(caller),
    ]);
    const [forecast, top, calls, split] = await Promise.all([
      forecastFor(options, query, totals),
      topSpenders(options, query, totals),
      query.calls && ledger.calls(callQueryOf(query, query.calls)),
      query.split === true ? ledger.spend({ ...splitOf(query, groups), per }) : undefined,
    ]);
    return {
      totals: { ...totals, key: '' },
      groups,
      series,
      budgets: now,
      ...(forecast && { forecast }),
      ...(top && { top }),
      ...(calls && { calls }),
      ...(split && { split }),
    };
  };
}

/** What one caller spent, and nothing of others. */
const ofCaller = (ledger: CostReportOptions['ledger'], caller: string): CostReportOptions['ledger'] => ({
  spend: (query) => ledger.spend({ ...query, caller }),
  calls: (query) => ledger.calls({ ...query, caller }),
});

/** A group of one key over time is a series, whose keys are the spans. */
const asSpan = ({ at, ...spend }: SpendGroup): SpendGroup => ({ ...spend, key: at ?? spend.key });

async function forecastFor(
  { ledger, clock }: CostReportOptions,
  { fromMs, toMs, groupBy, key }: CostQuery,
  { cost: spent }: SpendGroup,
): Promise<PeriodForecast | undefined> {
  const nowMs = clock.nowMs();
  if (nowMs <= fromMs || nowMs >= toMs) return undefined;
  const history = { fromMs: historyStart(nowMs), toMs: Math.ceil(nowMs) };
  const chosen = key === undefined ? { groupBy: 'hour' as const } : { groupBy, keys: [key], per: 'hour' as const };
  const spans = await ledger.spend({ ...history, ...chosen });
  const hours = spans.map(({ key: span, at, cost }) => ({ atMs: Date.parse(at ?? span), cost }));
  return forecastOf({ fromMs, toMs, nowMs, spent, hours });
}

async function topSpenders(
  { ledger }: CostReportOptions,
  { fromMs, toMs, top = 0 }: CostQuery,
  { cost: all }: SpendGroup,
): Promise<readonly TopSpender[] | undefined> {
  if (top === 0) return undefined;
  const found = spenderGroupings.map(async (by) => {
    // One more, for those who have none are no spender.
    const groups = await ledger.spend({ fromMs, toMs, groupBy: by, limit: top + 1 });
    return groups
      .filter(({ key, cost }) => key !== '' && cost > 0)
      .slice(0, top)
      .map(({ key, calls, cost }) => ({ by, key, calls, cost, share: all === 0 ? 0 : cost / all }));
  });
  return (await Promise.all(found)).flat();
}

function callQueryOf({ fromMs, toMs, groupBy, key }: CostQuery, wanted: NonNullable<CostQuery['calls']>): CallQuery {
  const inGroup = key !== undefined && groupBy !== 'hour' && groupBy !== 'day' && { group: { by: groupBy, key } };
  return { fromMs, toMs, ...wanted, ...inGroup };
}

function splitOf({ fromMs, toMs, groupBy }: CostQuery, groups: readonly SpendGroup[]) {
  const keys = groups.slice(0, mostSplitGroups).map(({ key }) => key);
  // Spans of time are not told apart by time once more.
  return groupBy === 'hour' || groupBy === 'day' ? { fromMs, toMs, groupBy } : { fromMs, toMs, groupBy, keys };
}
