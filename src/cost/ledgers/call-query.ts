import { type RawBuilder, sql } from 'kysely';
import type { CallQuery, SpentAttempt, SpentCall } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';
import type { AttemptsTable } from '../../storage/tables.js';
import { attemptsIn, keyIn } from './totals.js';

type Row = Omit<AttemptsTable, 'unfolded' | 'prompt_cache_saved_nano' | 'routing_saved_nano'>;

/** A call whose attempts all are among the dearest is found as often as it has attempts. */
const attemptsACall = 4;

/** The calls with the dearest, or the latest, attempts, with all of their rows. */
export async function queryCalls(database: Database, query: CallQuery): Promise<readonly SpentCall[]> {
  const rows = await database.run(async (kysely) => {
    const found = (await sql<{ request_id: string }>`${attemptsOf(database, query)}`.execute(kysely)).rows;
    const ids = [...new Set(found.map(({ request_id }) => request_id))].slice(0, query.limit);
    if (ids.length === 0) return [];
    return (
      await sql<Row>`SELECT * FROM attempts WHERE request_id IN (${sql.join(ids)}) ORDER BY at_ms, attempt_id`.execute(
        kysely,
      )
    ).rows;
  });
  const byCall = new Map<string, Row[]>();
  for (const row of rows) {
    const of = byCall.get(row.request_id) ?? [];
    of.push(row);
    byCall.set(row.request_id, of);
  }
  return [...byCall.values()].map(callOf).toSorted(orders[query.order]);
}

const orders = {
  dearest: (left: SpentCall, right: SpentCall) => right.cost.nanoUsd - left.cost.nanoUsd || right.atMs - left.atMs,
  latest: (left: SpentCall, right: SpentCall) => right.atMs - left.atMs,
} as const;

function attemptsOf(
  { dialect }: Database,
  { fromMs, toMs, caller, group, order, limit }: CallQuery,
): RawBuilder<unknown> {
  const table = sql.raw(attemptsIn(group?.by ?? 'all', dialect));
  const inGroup = group ? sql`AND ${sql.raw(keyIn(group.by))} = ${group.key}` : sql``;
  const ofCaller = caller === undefined ? sql`` : sql`AND attempts.caller = ${caller}`;
  const by = sql.raw(order === 'dearest' ? 'attempts.cost_nano DESC, attempts.at_ms DESC' : 'attempts.at_ms DESC');
  return sql`SELECT attempts.request_id FROM ${table}
    WHERE attempts.at_ms >= ${fromMs} AND attempts.at_ms < ${toMs} ${inGroup} ${ofCaller}
    ORDER BY ${by} LIMIT ${sql.raw(`${limit * attemptsACall}`)}`;
}

function callOf(rows: readonly Row[]): SpentCall {
  const [first] = rows;
  if (!first) throw new Error('A group has a member.');
  const { session, task } = first;
  return {
    requestId: first.request_id,
    atMs: first.at_ms,
    caller: first.caller,
    ...(session !== null && { session }),
    ...(task !== null && { task }),
    // Written by this program, in this shape.
    tags: JSON.parse(first.tags) as Record<string, string>,
    cost: {
      nanoUsd: rows.reduce((sum, row) => sum + row.cost_nano, 0),
      estimated: rows.some((row) => row.cost_estimated === 1),
    },
    saved: rows.reduce((sum, row) => sum + row.saved_nano, 0),
    attempts: rows.map(attemptOf),
  };
}

function attemptOf(row: Row): SpentAttempt {
  const { profile, service_tier: serviceTier, price_version: priceVersion } = row;
  return {
    attemptId: row.attempt_id,
    atMs: row.at_ms,
    model: row.model,
    region: row.region,
    ...(profile !== null && { profile }),
    ...(serviceTier !== null && { serviceTier }),
    source: row.source,
    outcome: row.outcome,
    latencyMs: row.latency_ms,
    usage: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      cacheReadTokens: row.cache_read_tokens,
      cacheWriteTokens: row.cache_write_tokens,
      cacheWrite1hTokens: row.cache_write_1h_tokens,
      totalTokens: row.total_tokens,
      estimated: row.usage_estimated === 1,
    },
    cost: { nanoUsd: row.cost_nano, estimated: row.cost_estimated === 1 },
    ...partsOf(row),
    ...(priceVersion !== null && { priceVersion }),
    recovered: row.recovered === 1,
  };
}

function partsOf(row: Row): Pick<SpentAttempt, 'costParts'> {
  const { input_nano: input, output_nano: output } = row;
  if (input === null || output === null) return {};
  const [cacheRead, cacheWrite, other] = [row.cache_read_nano ?? 0, row.cache_write_nano ?? 0, row.other_nano ?? 0];
  return { costParts: { input, output, cacheRead, cacheWrite, other } };
}
