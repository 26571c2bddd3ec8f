import type { PeriodForecast } from '../core/cost-report.js';
import type { NanoUsd } from '../core/response.js';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Four weeks: every day of the week counts the same. */
const mostDays = 28;
/** Fewer days say nothing of how much days differ. */
const leastDays = 3;

/** What was spent in the hour that begins at `atMs`. */
export interface HourOfSpend {
  readonly atMs: number;
  readonly cost: NanoUsd;
}

export interface ForecastInput {
  readonly fromMs: number;
  readonly toMs: number;
  readonly nowMs: number;
  /** In the period, until now. */
  readonly spent: NanoUsd;
  /** From `historyStart(nowMs)` on, in their order; hours without any may be left out. */
  readonly hours: readonly HourOfSpend[];
}

/** Where the hours that a forecast needs begin. */
export const historyStart = (nowMs: number): number => Math.floor((nowMs - mostDays * dayMs) / hourMs) * hourMs;

/**
 * What a period comes to: spent + m·x̄, where the rest of the period is m units long, a unit is the rest of the period or a
 * day, whichever is shorter, and x̄ the mean of the same stretch after this time of day over the last n days. The
 * interval is the 90 % prediction interval of a sum of m further observations, m·x̄ ± t(0.95, n−1)·s·√(m + m²/n): Hahn and
 * Meeker, Statistical Intervals (1991), chapter 4, for a mean of m, times m. It takes days to be alike but for chance.
 * Before there are three days, the period goes on at its pace so far, and there is no interval.
 * @returns undefined unless `nowMs` lies inside the period.
 */
export function forecastOf(input: ForecastInput): PeriodForecast | undefined {
  const { fromMs, toMs, nowMs, spent } = input;
  if (nowMs <= fromMs || nowMs >= toMs) return undefined;
  const unitMs = Math.min(dayMs, toMs - nowMs);
  const samples = samplesOf(input, unitMs);
  const days = samples.length;
  if (days < leastDays) {
    const cost = Math.ceil((spent * (toMs - fromMs)) / (nowMs - fromMs));
    return { cost, basis: 'pace', days };
  }
  const units = (toMs - nowMs) / unitMs;
  const mean = samples.reduce((sum, each) => sum + each, 0) / days;
  const variance = samples.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (days - 1);
  const half = studentQuantile(days - 1) * Math.sqrt(variance * (units + units ** 2 / days));
  const cost = spent + units * mean;
  const interval = { low: Math.floor(Math.max(spent, cost - half)), high: Math.ceil(cost + half) };
  return { cost: Math.round(cost), interval, basis: 'days', days };
}

/** What was spent in the stretch of `unitMs` after this time of each day before now, the latest day first. */
function samplesOf({ nowMs, hours }: ForecastInput, unitMs: number): readonly number[] {
  const [first] = hours;
  if (!first) return [];
  const days = Math.min(mostDays, Math.floor((nowMs - first.atMs) / dayMs));
  return Array.from({ length: days }, (_, index) => {
    const fromMs = nowMs - (index + 1) * dayMs;
    return hours.reduce((sum, hour) => sum + partOf(hour, nowMs, fromMs, fromMs + unitMs), 0);
  });
}

/** What of an hour falls into [from, to), as if it had been spent evenly; the hour that goes on ends now. */
function partOf({ atMs, cost }: HourOfSpend, nowMs: number, fromMs: number, toMs: number): number {
  const endMs = Math.min(atMs + hourMs, nowMs);
  const overlapMs = Math.min(endMs, toMs) - Math.max(atMs, fromMs);
  return overlapMs <= 0 || endMs <= atMs ? 0 : (cost * overlapMs) / (endMs - atMs);
}

/** The 95 % quantiles of Student's t from 2 degrees of freedom on; beyond the last they hardly change. */
const quantiles = [
  2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.74, 1.734,
  1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703,
] as const;

const studentQuantile = (freedom: number): number => quantiles[freedom - 2] ?? quantiles[0];
