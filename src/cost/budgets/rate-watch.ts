import type { Alert } from '../../core/alerts.js';
import type { Clock } from '../../core/clock.js';
import type { ServerEvent } from '../../core/events.js';
import type { Ledger } from '../../core/ledger.js';
import type { NanoUsd } from '../../core/response.js';
import { formatUsd, nanoFromUsd } from '../money.js';
import { dayMs, hourMs } from '../time-spans.js';
import type { Watch } from './alert-watch.js';
import type { AlertFlags } from './budget-store.js';

const lookEveryMs = 60_000;
const historyMs = 7 * dayMs;
/** With fewer hours that cost something nobody can say what is usual. */
const leastHours = 8;
/** An hour that costs less is nothing to be told of. */
const leastCost = nanoFromUsd(1);
/** What has begun ends at this part of what began it. */
const clearBelow = 0.5;
const flag = 'rate';

export interface RateWatchOptions {
  readonly ledger: Pick<Ledger, 'spend'>;
  readonly flags: AlertFlags;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Names the ledger among those that share the flags. */
  readonly place: string;
  /** So many times the usual is unusual; 0: nothing is. */
  readonly factor: number;
}

/** Tells when the last hour cost many times the median of the hours of the last week in which anything was spent. */
export function createRateWatch(options: RateWatchOptions): Watch {
  const { flags, clock, factor, place, onServerEvent } = options;
  const counter = `spend-rate:${place}`;
  let lookAtMs = Number.NEGATIVE_INFINITY;
  const tell = (status: Alert['status'], { cost, usual }: Rate): void => {
    const summary =
      status === 'firing'
        ? `Spending is unusually fast: ${formatUsd(cost)} in the last hour, usual is ${formatUsd(usual)}.`
        : `Spending is as usual again: ${formatUsd(cost)} in the last hour.`;
    const facts = { last_hour_usd: cost / 1e9, usual_usd: usual / 1e9 };
    const alert = { key: counter, type: 'spend.unusual', status, severity: 'warning', summary, facts } as const;
    onServerEvent({ type: 'alert-changed', alert: { ...alert, atMs: clock.nowMs() } });
  };
  return {
    look: async () => {
      if (factor === 0 || clock.monotonicMs() < lookAtMs) return;
      lookAtMs = clock.monotonicMs() + lookEveryMs;
      const rate = await rateOf(options);
      if (!rate) return;
      const mark = Math.max(leastCost, rate.usual * factor);
      if (rate.cost >= mark && (await flags.raise(counter, flag))) tell('firing', rate);
      if (rate.cost < mark * clearBelow && (await flags.lower(counter, flag))) tell('resolved', rate);
    },
  };
}

interface Rate {
  /** Of the last hour. */
  readonly cost: NanoUsd;
  readonly usual: NanoUsd;
}

async function rateOf({ ledger, clock }: RateWatchOptions): Promise<Rate | undefined> {
  const toMs = Math.ceil(clock.nowMs());
  const hourAgoMs = toMs - hourMs;
  const [hours, [last]] = await Promise.all([
    ledger.spend({ fromMs: toMs - historyMs, toMs, groupBy: 'hour' }),
    ledger.spend({ fromMs: hourAgoMs, toMs }),
  ]);
  const before = hours.filter(({ key, cost }) => cost > 0 && Date.parse(key) + hourMs <= hourAgoMs);
  if (before.length < leastHours) return undefined;
  return { cost: last?.cost ?? 0, usual: medianOf(before.map(({ cost }) => cost)) };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
