import { type RawBuilder, sql } from 'kysely';
import type { LedgerUse, UseFilter } from '../../core/ledger.js';
import type { Database } from '../../storage/database.js';
import { spendIn } from './spend-query.js';
import type { Dimension } from './totals.js';

type Dialect = Database['dialect'];

interface UseRow {
  readonly kind: 'spent' | 'young' | 'open';
  readonly id: string;
  readonly cost: number | null;
  readonly tokens: number | null;
  readonly attempts: number | null;
  readonly expires_at_ms: number;
}

/** What was used by the rows that the filter lets through, and may be by attempts that are under way: one statement, one moment. */
export async function queryUse(database: Database, filter: UseFilter): Promise<LedgerUse> {
  const { dialect } = database;
  const rows = await database.run(async (kysely) => {
    const parts = [
      spentBy(dialect, filter),
      ...(filter.youngFromMs === undefined ? [] : [youngRows(dialect, filter, filter.youngFromMs)]),
      openAttempts(dialect, filter),
    ];
    return (await sql<UseRow>`SELECT * FROM (${sql.join(parts, sql` UNION ALL `)}) AS used`.execute(kysely)).rows;
  });
  const of = (kind: UseRow['kind']) => rows.filter((row) => row.kind === kind);
  const [spent] = of('spent').map(useOf);
  return {
    spent: spent ?? { cost: 0, tokens: 0, calls: 0 },
    young: of('young').map(({ id }) => id),
    open: of('open').map((row) => ({ id: row.id, use: useOf(row), expiresAtMs: row.expires_at_ms })),
  };
}

const useOf = ({ cost, tokens, attempts }: UseRow) => ({ cost: cost ?? 0, tokens: tokens ?? 0, calls: attempts ?? 0 });

function spentBy(dialect: Dialect, filter: UseFilter): RawBuilder<unknown> {
  const choices = choicesOf(filter);
  const [first] = choices;
  // The totals know one dimension at a time.
  const spend = choices.length < 2 ? spendIn(dialect, first?.dimension ?? 'all', filter) : attemptsOf(dialect, filter);
  const where = choices.length === 1 && first ? sql`WHERE key IN (${sql.join(first.keys)})` : sql``;
  return sql`SELECT 'spent' AS kind, '' AS id, SUM(cost_nano) AS cost, SUM(total_tokens) AS tokens,
    SUM(attempts) AS attempts, 0 AS expires_at_ms FROM (${spend}) AS spend ${where}`;
}

interface Choice {
  readonly dimension: Dimension;
  readonly keys: readonly string[];
}

function choicesOf({ callers, session, model, provider, tag }: UseFilter): readonly Choice[] {
  const one = (dimension: Dimension, key: string | undefined): readonly Choice[] =>
    key === undefined ? [] : [{ dimension, keys: [key] }];
  return [
    ...(callers ? [{ dimension: 'caller' as const, keys: callers.length > 0 ? [...new Set(callers)] : [''] }] : []),
    ...one('session', session),
    ...one('model', model),
    ...one('provider', provider),
    ...one('tag', tag && `${tag.name}=${tag.value}`),
  ];
}

const attemptsOf = (dialect: Dialect, filter: UseFilter): RawBuilder<unknown> =>
  sql`SELECT cost_nano, total_tokens, CASE WHEN source = 'cache' THEN 0 ELSE 1 END AS attempts FROM attempts
    WHERE ${meets(dialect, filter)}`;

const youngRows = (dialect: Dialect, filter: UseFilter, fromMs: number): RawBuilder<unknown> =>
  sql`SELECT 'young', attempt_id, 0, 0, 0, 0 FROM attempts
    WHERE written_at_ms >= ${fromMs} AND source <> 'cache' AND ${meets(dialect, filter)}`;

const openAttempts = (dialect: Dialect, filter: UseFilter): RawBuilder<unknown> =>
  sql`SELECT 'open', attempt_id, cost_nano, total_tokens, 1, expires_at_ms FROM intents WHERE ${meets(dialect, filter)}`;

/** The filter as a condition on the columns that attempts and intents have in common. */
function meets(dialect: Dialect, { fromMs, toMs, callers, tag, ...filter }: UseFilter): RawBuilder<unknown> {
  const equal = (column: string, value: string | undefined) =>
    value === undefined ? [] : [sql`${sql.raw(column)} = ${value}`];
  const conditions = [
    sql`at_ms >= ${fromMs} AND at_ms < ${toMs}`,
    ...(callers ? [sql`caller IN (${sql.join(callers.length > 0 ? callers : [''])})`] : []),
    ...equal('session', filter.session),
    ...equal('model', filter.model),
    ...equal('provider', filter.provider),
    ...(tag ? [hasTag(dialect, tag)] : []),
  ];
  return sql.join(conditions, sql` AND `);
}

const hasTag = (dialect: Dialect, { name, value }: NonNullable<UseFilter['tag']>): RawBuilder<unknown> =>
  dialect === 'sqlite'
    ? sql`EXISTS (SELECT 1 FROM json_each(tags) AS tag WHERE tag.key = ${name} AND tag.value = ${value})`
    : sql`(tags::jsonb ->> ${name}) = ${value}`;
