import { type RawBuilder, sql } from 'kysely';
import type { SpendGroup, SpendQuery } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';
import { dayMs, hourMs } from '../time-spans.js';
import { attemptsIn, type Dimension, keyIn, rowColumns, totalColumns } from './totals.js';

type Dialect = Database['dialect'];

/** More groups than anybody reads; it bounds what a caller with ever new tags can make a report cost. */
const groupLimit = 20_000;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A group as the database gives it; sums of nothing are null. */
interface SpendRow {
  readonly key: string;
  readonly at_ms: number;
  readonly calls: number | null;
  readonly cost_nano: number | null;
  readonly saved_nano: number | null;
  readonly prompt_cache_saved_nano: number | null;
  readonly routing_saved_nano: number | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cache_read_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly cache_write_1h_tokens: number | null;
  readonly total_tokens: number | null;
  readonly usage_estimated: number | null;
}

/** Sums per group in [from, to), from one moment. */
export async function querySpend(database: Database, query: SpendQuery): Promise<readonly SpendGroup[]> {
  const { groupBy, keys, limit = groupLimit } = query;
  const bucketMs = bucketOf(query);
  const dimension: Dimension = groupBy === undefined || groupBy === 'hour' || groupBy === 'day' ? 'all' : groupBy;
  const at = bucketMs === undefined ? sql`0` : sql.raw(`at_ms - at_ms % ${bucketMs}`);
  const sums = sql.raw(totalColumns.map((name) => `SUM(${name}) AS ${name}`).join(', '));
  const dearest = sql`cost_nano DESC, calls DESC, key`;
  const order = bucketMs === undefined ? dearest : sql`at_ms, ${dearest}`;
  const where = keys ? sql`WHERE key IN (${sql.join(keys.length > 0 ? keys : [null])})` : sql``;
  const rows = await database.run(async (kysely) => {
    const statement = sql<SpendRow>`SELECT key, ${at} AS at_ms, ${sums}
      FROM (${spendOf(database.dialect, dimension, query, bucketMs)}) AS spend ${where}
      GROUP BY 1, 2 ORDER BY ${order} LIMIT ${sql.raw(`${Math.min(limit, groupLimit)}`)}`;
    return (await statement.execute(kysely)).rows;
  });
  return rows.map((row) => spendGroup(row, query));
}

const bucketsMs = { hour: hourMs, day: dayMs } as const;

function bucketOf({ groupBy, per }: SpendQuery): number | undefined {
  const unit = groupBy === 'hour' || groupBy === 'day' ? groupBy : per;
  return unit && bucketsMs[unit];
}

/** The totals know one dimension at a time: other groups of one caller's spend come from his attempts. */
function spendOf(
  dialect: Dialect,
  dimension: Dimension,
  query: SpendQuery,
  finestMs: number | undefined,
): RawBuilder<unknown> {
  const { caller } = query;
  if (caller === undefined) return spendIn(dialect, dimension, query, finestMs);
  if (dimension !== 'all' && dimension !== 'caller') {
    return sql`${attempts(dialect, dimension, query)} AND attempts.caller = ${caller}`;
  }
  const key = sql.raw(dimension === 'all' ? "''" : 'key');
  return sql`SELECT ${key} AS key, at_ms, ${sql.raw(totalColumns.join(', '))}
    FROM (${spendIn(dialect, 'caller', query, finestMs)}) AS of_callers WHERE key = ${caller}`;
}

/**
 * All that was spent in the span as rows with the columns of `spend_totals`: whole days and hours from the totals, the
 * parts of hours at both ends and whatever is not in the totals yet from the attempts.
 */
export function spendIn(
  dialect: Dialect,
  dimension: Dimension,
  span: Span,
  finestMs: number = dayMs,
): RawBuilder<unknown> {
  const hours = whole(span, hourMs);
  if (!hours) return attempts(dialect, dimension, span);
  const days = finestMs < dayMs ? undefined : whole(hours, dayMs);
  const parts = [
    ...between(span, hours).map((part) => attempts(dialect, dimension, part)),
    ...(days ? between(hours, days) : [hours]).map((part) => totals(hourMs, dimension, part)),
    ...(days ? [totals(dayMs, dimension, days)] : []),
    sql`${attempts(dialect, dimension, hours)} AND attempts.unfolded IS NOT NULL`,
  ];
  return sql.join(parts, sql` UNION ALL `);
}

/** The longest part of a span that is made of whole units. */
function whole({ fromMs, toMs }: Span, unitMs: number): Span | undefined {
  const inner = { fromMs: Math.ceil(fromMs / unitMs) * unitMs, toMs: Math.floor(toMs / unitMs) * unitMs };
  return inner.fromMs < inner.toMs ? inner : undefined;
}

/** What an inner span leaves of the outer one, at both ends. */
const between = (outer: Span, inner: Span): readonly Span[] =>
  [
    { fromMs: outer.fromMs, toMs: inner.fromMs },
    { fromMs: inner.toMs, toMs: outer.toMs },
  ].filter(({ fromMs, toMs }) => fromMs < toMs);

const totals = (spanMs: number, dimension: Dimension, { fromMs, toMs }: Span): RawBuilder<unknown> =>
  sql`SELECT key, at_ms, ${sql.raw(totalColumns.join(', '))} FROM spend_totals
    WHERE span_ms = ${sql.raw(`${spanMs}`)} AND dimension = ${dimension} AND at_ms >= ${fromMs} AND at_ms < ${toMs}`;

const attempts = (dialect: Dialect, dimension: Dimension, { fromMs, toMs }: Span): RawBuilder<unknown> =>
  sql`SELECT ${sql.raw(keyIn(dimension))} AS key, attempts.at_ms AS at_ms, ${sql.raw(rowColumns)}
    FROM ${sql.raw(attemptsIn(dimension, dialect))} WHERE attempts.at_ms >= ${fromMs} AND attempts.at_ms < ${toMs}`;

function spendGroup(row: SpendRow, { groupBy, per }: SpendQuery): SpendGroup {
  return {
    key: groupBy === 'hour' || groupBy === 'day' ? momentText(row.at_ms, groupBy) : row.key,
    ...(per && { at: momentText(row.at_ms, per) }),
    calls: row.calls ?? 0,
    cost: row.cost_nano ?? 0,
    saved: row.saved_nano ?? 0,
    promptCacheSaved: row.prompt_cache_saved_nano ?? 0,
    routingSaved: row.routing_saved_nano ?? 0,
    usage: {
      inputTokens: row.input_tokens ?? 0,
      outputTokens: row.output_tokens ?? 0,
      cacheReadTokens: row.cache_read_tokens ?? 0,
      cacheWriteTokens: row.cache_write_tokens ?? 0,
      cacheWrite1hTokens: row.cache_write_1h_tokens ?? 0,
      totalTokens: row.total_tokens ?? 0,
      estimated: (row.usage_estimated ?? 0) > 0,
    },
  };
}

/** `2026-11-25` for a day, `2026-11-25T13:00:00Z` for an hour. */
function momentText(atMs: number, unit: 'hour' | 'day'): string {
  const text = new Date(atMs).toISOString();
  return unit === 'day' ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
}
