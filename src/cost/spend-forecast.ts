import type { BudgetOutlook, ModelDirectory, PriceBook, SpendForecast } from '../core/ports.js';
import type { RoutedRequest } from '../core/request.js';
import { subjectOf } from './candidate-account.js';
import { formatUsd, nanoFromUsd } from './money.js';
import { worstCaseUse } from './worst-case.js';

export interface SpendForecastOptions {
  readonly prices: PriceBook;
  readonly directory: Pick<ModelDirectory, 'find'>;
  readonly outlook: BudgetOutlook;
  readonly cachesForAnHour: boolean;
}

/** Compares the most that an attempt may cost with `max_cost_usd` and with what the hard budgets leave. */
export function createSpendForecast(options: SpendForecastOptions): SpendForecast {
  const { prices, directory, outlook, cachesForAnHour } = options;
  return {
    refusalOf: ({ request, target, inputTokens, maxTokens, caller, sessionId }) => {
      const routed: RoutedRequest = { ...request, target, max_tokens: maxTokens };
      const left = outlook.affordable(subjectOf(directory, routed, { caller, sessionId }));
      const limit = request.max_cost_usd === undefined ? undefined : nanoFromUsd(request.max_cost_usd);
      if (left === undefined && limit === undefined) return undefined;
      const { cost } = worstCaseUse(prices, routed, cachesForAnHour, inputTokens);
      const could = `could cost up to ${formatUsd(cost)}`;
      if (limit !== undefined && cost > limit) return `${could}, max_cost_usd allows ${formatUsd(limit)}`;
      if (left !== undefined && cost > left) return `${could}, the budgets leave ${formatUsd(left)}`;
      return undefined;
    },
  };
}
