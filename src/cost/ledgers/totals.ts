import type { Database } from '../../storage/database.js';
import { dayMs, hourMs } from '../time-spans.js';

/*
 * The sums of rows that are kept by hour and day, so that a report over months reads a few thousand rows. Each has one
 * key of one dimension; the dimension `all` has the one key ''.
 */

export const dimensions = ['all', 'model', 'provider', 'caller', 'task', 'session', 'tag', 'region'] as const;
export type Dimension = (typeof dimensions)[number];

type Dialect = Database['dialect'];

export const spansMs = [hourMs, dayMs] as const;

const keys: Readonly<Record<Dimension, string>> = {
  all: "''",
  model: 'attempts.model',
  provider: 'attempts.provider',
  caller: 'attempts.caller',
  task: "COALESCE(attempts.task, '')",
  session: "COALESCE(attempts.session, '')",
  region: 'attempts.region',
  tag: "COALESCE(tag.key || '=' || tag.value, '')",
};

const tagJoin: Readonly<Record<Dialect, string>> = {
  sqlite: 'LEFT JOIN json_each(attempts.tags) AS tag',
  postgres: 'LEFT JOIN LATERAL jsonb_each_text(attempts.tags::jsonb) AS tag (key, value) ON true',
};

/** The key of a row in a dimension; a row with several tags has as many, one with none has ''. */
export const keyIn = (dimension: Dimension): string => keys[dimension];

export const attemptsIn = (dimension: Dimension, dialect: Dialect): string =>
  dimension === 'tag' ? `attempts ${tagJoin[dialect]}` : 'attempts';

/** What is added up, by the name of its column in `spend_totals`. */
const summands = {
  calls: 'attempts.call_count',
  attempts: "CASE WHEN attempts.source = 'cache' THEN 0 ELSE 1 END",
  cost_nano: 'attempts.cost_nano',
  saved_nano: 'attempts.saved_nano',
  prompt_cache_saved_nano: 'attempts.prompt_cache_saved_nano',
  routing_saved_nano: 'attempts.routing_saved_nano',
  input_tokens: 'attempts.input_tokens',
  output_tokens: 'attempts.output_tokens',
  cache_read_tokens: 'attempts.cache_read_tokens',
  cache_write_tokens: 'attempts.cache_write_tokens',
  cache_write_1h_tokens: 'attempts.cache_write_1h_tokens',
  total_tokens: 'attempts.total_tokens',
  usage_estimated: 'attempts.usage_estimated',
} as const;

export const totalColumns = Object.keys(summands) as readonly (keyof typeof summands)[];

/** The columns of a row, named as in `spend_totals`. */
export const rowColumns = Object.entries(summands)
  .map(([name, summand]) => `${summand} AS ${name}`)
  .join(', ');

/** Adds the rows for which `where` holds to the totals, or takes them out again. */
export function addToTotals(dialect: Dialect, where: string, sign: 1 | -1 = 1): readonly string[] {
  return spansMs.flatMap((spanMs) => dimensions.map((dimension) => addTo(dialect, spanMs, dimension, where, sign)));
}

function addTo(dialect: Dialect, spanMs: number, dimension: Dimension, where: string, sign: 1 | -1): string {
  const sums = Object.values(summands).map((summand) => `SUM(${sign} * (${summand}))`);
  const grown = totalColumns.map((name) => `${name} = spend_totals.${name} + excluded.${name}`);
  return `INSERT INTO spend_totals (span_ms, dimension, at_ms, key, ${totalColumns.join(', ')})
    SELECT ${spanMs}, '${dimension}', attempts.at_ms - attempts.at_ms % ${spanMs}, ${keyIn(dimension)}, ${sums.join(', ')}
    FROM ${attemptsIn(dimension, dialect)} WHERE ${where} GROUP BY 3, 4
    ON CONFLICT (span_ms, dimension, at_ms, key) DO UPDATE SET ${grown.join(', ')}`;
}
