import type { Intent, LedgerRow } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';
import type { SqlValue, Statement } from '../../storage/sqlite/sql-driver.js';

/*
 * The statements that run for every call. They are written out once, because to build a query anew costs more than all
 * the rest that the event loop does for it.
 */

type Dialect = Database['dialect'];
type Columns<Of> = Readonly<Record<string, (of: Of) => SqlValue>>;

const factColumns = {
  attempt_id: (of) => of.attemptId,
  request_id: (of) => of.requestId,
  at_ms: (of) => Math.floor(of.atMs),
  caller: (of) => of.caller,
  session: (of) => of.session ?? null,
  task: (of) => of.task ?? null,
  model: (of) => of.model,
  provider: (of) => of.provider,
  region: (of) => of.region,
  profile: (of) => of.profile ?? null,
  service_tier: (of) => of.serviceTier ?? null,
  source: (of) => of.source,
  tags: (of) => JSON.stringify(of.tags),
  price_version: (of) => of.priceVersion ?? null,
} satisfies Columns<Intent | LedgerRow>;

const rowColumns: Columns<LedgerRow> = {
  ...factColumns,
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
  input_nano: (row) => row.costParts?.input ?? null,
  output_nano: (row) => row.costParts?.output ?? null,
  cache_read_nano: (row) => row.costParts?.cacheRead ?? null,
  cache_write_nano: (row) => row.costParts?.cacheWrite ?? null,
  other_nano: (row) => row.costParts?.other ?? null,
  saved_nano: (row) => row.saved,
  prompt_cache_saved_nano: (row) => row.promptCacheSaved ?? 0,
  routing_saved_nano: (row) => row.routingSaved ?? 0,
  latency_ms: (row) => Math.round(row.latencyMs),
  call_count: (row) => Number(row.firstOfCall),
};

const intentColumns: Columns<Intent> = {
  ...factColumns,
  expires_at_ms: (intent) => Math.ceil(intent.expiresAtMs),
  input_tokens: (intent) => intent.most.inputTokens,
  output_tokens: (intent) => intent.most.outputTokens,
  total_tokens: (intent) => intent.most.totalTokens,
  cost_nano: (intent) => intent.most.cost,
};

const mark = (dialect: Dialect, index: number): string => (dialect === 'sqlite' ? '?' : `$${index + 1}`);
const marks = (dialect: Dialect, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => mark(dialect, index));

const rowNames = [...Object.keys(rowColumns), 'written_at_ms'];
const intentNames = [...Object.keys(intentColumns), 'process_id'];

/** Writing an attempt twice counts once. */
const insertRow = (dialect: Dialect): string =>
  `INSERT INTO attempts (${rowNames.join(', ')}) VALUES (${marks(dialect, rowNames.length).join(', ')})
  ON CONFLICT (attempt_id) DO NOTHING`;

const insertIntent = (dialect: Dialect): string =>
  `INSERT INTO intents (${intentNames.join(', ')}) VALUES (${marks(dialect, intentNames.length).join(', ')})
  ON CONFLICT (attempt_id) DO NOTHING`;

const deleteIntent = (dialect: Dialect): string => `DELETE FROM intents WHERE attempt_id = ${mark(dialect, 0)}`;

export interface AttemptStatements {
  begin(intent: Intent, processId: string): Statement;
  book(row: LedgerRow, nowMs: number): Statement;
  end(attemptId: string): Statement;
}

export function attemptStatements(dialect: Dialect): AttemptStatements {
  const [begin, book, end] = [insertIntent(dialect), insertRow(dialect), deleteIntent(dialect)];
  const rowValues = Object.values(rowColumns);
  const intentValues = Object.values(intentColumns);
  return {
    begin: (intent, processId) => ({
      sql: begin,
      parameters: [...intentValues.map((column) => column(intent)), processId],
    }),
    book: (row, nowMs) => ({
      sql: book,
      parameters: [...rowValues.map((column) => column(row)), nowMs],
    }),
    end: (attemptId) => ({ sql: end, parameters: [attemptId] }),
  };
}
