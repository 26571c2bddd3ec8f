import type { LedgerUse, UseFilter } from '../../core/ports.js';
import type { SqlDriver, SqlValue } from '../../storage/sqlite/sql-driver.js';

type Condition = readonly [sql: string, parameters: readonly SqlValue[]];

/** What was used by the rows that the filter lets through; answers of the cache use nothing. */
export function usedBy(driver: SqlDriver, filter: UseFilter): LedgerUse {
  const [where, parameters] = conditionOf(filter);
  const [sums] = driver.all(
    `SELECT COALESCE(SUM(cost_nano), 0) AS cost, COALESCE(SUM(total_tokens), 0) AS tokens, COUNT(*) AS calls
    FROM attempts WHERE ${where}`,
    parameters,
  );
  const young =
    filter.youngFromMs === undefined
      ? []
      : driver.all(`SELECT attempt_id FROM attempts WHERE ${where} AND written_at_ms >= ?`, [
          ...parameters,
          filter.youngFromMs,
        ]);
  return {
    spent: { cost: Number(sums?.['cost']), tokens: Number(sums?.['tokens']), calls: Number(sums?.['calls']) },
    young: young.map((row) => String(row['attempt_id'])),
    open: [],
  };
}

function conditionOf({ fromMs, toMs, callers, session, model, provider, tag }: UseFilter): Condition {
  const equal = (column: string, value: string | undefined): Condition[] =>
    value === undefined ? [] : [[`${column} = ?`, [value]]];
  const conditions: Condition[] = [
    ["at_ms >= ? AND at_ms < ? AND source <> 'cache'", [fromMs, toMs]],
    ...(callers ? [[`caller IN (${callers.map(() => '?').join(', ')})`, callers] as const] : []),
    ...equal('session', session),
    ...equal('model', model),
    ...equal('provider', provider),
    ...(tag ? [[tagged, [tag.name, tag.value]] as const] : []),
  ];
  return [conditions.map(([sql]) => sql).join(' AND '), conditions.flatMap(([, parameters]) => parameters)];
}

const tagged = 'attempt_id IN (SELECT attempt_id FROM attempt_tags WHERE name = ? AND value = ?)';
