import type { CostGrouping, LedgerRow, SpendGroup } from '../../core/ports.js';
import type { SqlValue } from '../../storage/sqlite/sql-driver.js';

/* How a ledger row becomes SQL, and an answer of SQL a spend group. */

const columnsOf = {
  attempt_id: (row) => row.attemptId,
  request_id: (row) => row.requestId,
  at_ms: (row) => Math.floor(row.atMs),
  caller: (row) => row.caller,
  session: (row) => row.session ?? null,
  task: (row) => row.task ?? null,
  model: (row) => row.model,
  provider: (row) => row.provider,
  region: (row) => row.region,
  profile: (row) => row.profile ?? null,
  source: (row) => row.source,
  outcome: (row) => row.outcome,
  input_tokens: (row) => row.usage.inputTokens,
  output_tokens: (row) => row.usage.outputTokens,
  cache_read_tokens: (row) => row.usage.cacheReadTokens,
  cache_write_tokens: (row) => row.usage.cacheWriteTokens,
  cache_write_1h_tokens: (row) => row.usage.cacheWrite1hTokens,
  total_tokens: (row) => row.usage.totalTokens,
  usage_estimated: (row) => Number(row.usage.estimated),
  cost_nano: (row) => row.cost.nanoUsd,
  cost_estimated: (row) => Number(row.cost.estimated),
  saved_nano: (row) => row.saved,
  latency_ms: (row) => Math.round(row.latencyMs),
  written_at_ms: (_, nowMs) => nowMs,
} satisfies Record<string, (row: LedgerRow, nowMs: number) => SqlValue>;

const columns = Object.keys(columnsOf);

/** Writing an attempt twice counts once. */
export const insertAttempt = `INSERT INTO attempts (${columns.join(', ')})
  VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT (attempt_id) DO NOTHING`;

export const attemptParameters = (row: LedgerRow, nowMs: number): readonly SqlValue[] =>
  Object.values(columnsOf).map((column) => column(row, nowMs));

export const insertTag = `INSERT INTO attempt_tags (attempt_id, name, value)
  VALUES (?, ?, ?) ON CONFLICT (attempt_id, name) DO NOTHING`;

const groupKeys: Readonly<Record<CostGrouping, string>> = {
  model: 'model',
  provider: 'provider',
  caller: 'caller',
  task: "COALESCE(task, '')",
  region: 'region',
  tag: "COALESCE(attempt_tags.name || '=' || attempt_tags.value, '')",
  hour: "strftime('%Y-%m-%dT%H:00:00Z', at_ms / 1000, 'unixepoch')",
  day: "strftime('%Y-%m-%d', at_ms / 1000, 'unixepoch')",
};

/** More groups than anybody reads; it bounds what a caller with ever new tags can make a report cost. */
const groupLimit = 20_000;

/** Sums per group in [from, to). A row without task or tag is in the group `''`; one with several tags in each. */
export function selectSpend(groupBy: CostGrouping | undefined): string {
  const key = groupBy === undefined ? "''" : groupKeys[groupBy];
  const order = groupBy === 'hour' || groupBy === 'day' ? 'group_key' : 'cost DESC, calls DESC, group_key';
  return `SELECT ${key} AS group_key, COUNT(DISTINCT request_id) AS calls,
    SUM(cost_nano) AS cost, SUM(saved_nano) AS saved,
    SUM(input_tokens) AS input_tokens, SUM(output_tokens) AS output_tokens,
    SUM(cache_read_tokens) AS cache_read_tokens, SUM(cache_write_tokens) AS cache_write_tokens,
    SUM(cache_write_1h_tokens) AS cache_write_1h_tokens, SUM(total_tokens) AS total_tokens,
    MAX(usage_estimated) AS estimated
  FROM attempts ${groupBy === 'tag' ? 'LEFT JOIN attempt_tags USING (attempt_id)' : ''}
  WHERE at_ms >= ? AND at_ms < ?
  GROUP BY group_key ORDER BY ${order} LIMIT ${groupLimit}`;
}

export function spendGroup(row: Readonly<Record<string, SqlValue>>): SpendGroup {
  const count = (name: string): number => Number(row[name] ?? 0);
  return {
    key: String(row['group_key'] ?? ''),
    calls: count('calls'),
    cost: count('cost'),
    saved: count('saved'),
    usage: {
      inputTokens: count('input_tokens'),
      outputTokens: count('output_tokens'),
      cacheReadTokens: count('cache_read_tokens'),
      cacheWriteTokens: count('cache_write_tokens'),
      cacheWrite1hTokens: count('cache_write_1h_tokens'),
      totalTokens: count('total_tokens'),
      estimated: count('estimated') === 1,
    },
  };
}
