import type { Generated, GeneratedAlways } from 'kysely';

/*
 * The tables as Kysely sees them. Names and types are those of the last migration; whole numbers stay below 2^53 and are
 * numbers in both databases, flags are 0 and 1.
 */

/** What tells attempts apart, in intents and in rows. */
interface AttemptFacts {
  attempt_id: string;
  request_id: string;
  at_ms: number;
  caller: string;
  session: string | null;
  task: string | null;
  model: string;
  provider: string;
  region: string;
  profile: string | null;
  service_tier: string | null;
  source: string;
  /** JSON: name → value. */
  tags: string;
  price_version: string | null;
}

/** One row a billed attempt, or an answer of the cache. */
export interface AttemptsTable extends AttemptFacts {
  outcome: string;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cache_write_1h_tokens: number;
  total_tokens: number;
  usage_estimated: number;
  cost_nano: number;
  cost_estimated: number;
  /** The parts of the cost; null in rows of older versions. */
  input_nano: number | null;
  output_nano: number | null;
  cache_read_nano: number | null;
  cache_write_nano: number | null;
  /** Queries, images: what is not priced by tokens. */
  other_nano: number | null;
  saved_nano: number;
  prompt_cache_saved_nano: Generated<number>;
  routing_saved_nano: Generated<number>;
  latency_ms: number;
  /** 1: its process died, and the estimate of its intent was booked. */
  recovered: number;
  written_at_ms: number;
  /** 1 in the first row of a call, else 0: sums of it count calls. */
  call_count: number;
  /** 1: not yet in spend_totals; 2: being added; null: in. */
  unfolded: Generated<number | null>;
}

/** Attempts that are under way. */
export interface IntentsTable extends AttemptFacts {
  process_id: string;
  expires_at_ms: number;
  /** The most that it may use and cost. */
  input_tokens: number;
  output_tokens: number;
  total_tokens: number;
  cost_nano: number;
}

/** Server processes that write here. */
export interface ProcessesTable {
  process_id: string;
  host: string;
  pid: number;
  alive_until_ms: number;
}

/** Sums of the rows of an hour or a day (`span_ms`) that begins at `at_ms`, by one dimension. */
export interface SpendTotalsTable {
  span_ms: number;
  dimension: string;
  at_ms: number;
  key: string;
  calls: number;
  attempts: number;
  cost_nano: number;
  saved_nano: number;
  prompt_cache_saved_nano: Generated<number>;
  routing_saved_nano: Generated<number>;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cache_write_1h_tokens: number;
  total_tokens: number;
  /** Rows whose usage was estimated. */
  usage_estimated: number;
}

export interface HoldsTable {
  hold_id: string;
  amount_nano: number;
  expires_at_ms: number;
}

/** In the local file: what the remote database has not taken yet, oldest first. */
export interface SpoolTable {
  seq: GeneratedAlways<number>;
  /** Who wrote it, and sends it on. */
  process_id: string;
  payload: string;
}

/** Messages to the operator that wait, or were given up (`dead` 1). */
export interface AlertDeliveriesTable {
  seq: GeneratedAlways<number>;
  id: string;
  /** Messages of one alert keep their order. */
  alert_key: string;
  payload: string;
  dead: number;
  tries: number;
  due_at_ms: number;
  changed_at_ms: number;
  /** Why the last try failed. */
  why: string;
}

export interface Tables {
  attempts: AttemptsTable;
  intents: IntentsTable;
  processes: ProcessesTable;
  spend_totals: SpendTotalsTable;
  holds: HoldsTable;
  spool: SpoolTable;
  alert_deliveries: AlertDeliveriesTable;
}
