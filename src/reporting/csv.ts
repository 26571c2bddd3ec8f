import type { CostReport } from '../core/cost-report.js';
import type { CostGrouping, SpendGroup } from '../core/ledger.js';
import type { NanoUsd } from '../core/response.js';

/** Exact, with a dot, whatever the language. */
const usd = (amount: NanoUsd): string => (amount / 1e9).toFixed(9);

const columns: Readonly<Record<string, (group: SpendGroup) => string | number>> = {
  calls: ({ calls }) => calls,
  cost_usd: ({ cost }) => usd(cost),
  total_tokens: ({ usage }) => usage.totalTokens,
  cache_savings_usd: ({ saved }) => usd(saved),
  input_tokens: ({ usage }) => usage.inputTokens,
  output_tokens: ({ usage }) => usage.outputTokens,
  cache_read_tokens: ({ usage }) => usage.cacheReadTokens,
  cache_write_tokens: ({ usage }) => usage.cacheWriteTokens,
  prompt_cache_savings_usd: ({ promptCacheSaved }) => usd(promptCacheSaved),
  routing_savings_usd: ({ routingSaved }) => usd(routingSaved),
};

/**
 * A line for each group: RFC 4180 with CRLF. A key that a spreadsheet would run as a formula gets a `'` in front; sums are
 * ours and stay numbers.
 */
export async function csvOf({ groups }: CostReport, groupBy: CostGrouping): Promise<string> {
  const { stringify } = await import('csv-stringify/sync');
  const head = [groupBy, ...Object.keys(columns)];
  const rows = groups.map((group) => [harmless(group.key), ...Object.values(columns).map((column) => column(group))]);
  return stringify([head, ...rows], { record_delimiter: '\r\n' });
}

/** What OWASP names as beginnings of formulas (CSV Injection); the full-width forms work in some programs as well. */
const harmless = (key: string): string => (/^[=+\-@\t\r\n＝＋－＠]/u.test(key) ? `'${key}` : key);
