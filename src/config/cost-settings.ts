import { z } from 'zod';
import { unknownPricePolicies } from '../core/pricing.js';
import { budgetList, timeZone } from './budget-settings.js';
import { optional, required } from './define-setting.js';
import { choice, usd } from './fields.js';
import { priceOverrideList } from './price-settings.js';

/** Prices, budgets and when spending is worth a warning. */
export const cost = z.strictObject({
  dailyLimitUsd: optional(
    usd(10_000_000),
    { variable: 'BEDROCK_DAILY_COST_LIMIT', defaultText: 'no limit' },
    'Calls that could spend more than this in a day (of BEDROCK_BUDGET_TIME_ZONE) are refused.',
  ),
  alertThresholdUsd: optional(
    usd(10_000_000),
    { variable: 'BEDROCK_COST_ALERT_THRESHOLD', defaultText: 'none' },
    'Spending of a day from which on the server reports itself as degraded.',
  ),
  priceOverrides: required(
    priceOverrideList,
    [],
    { variable: 'BEDROCK_PRICE_OVERRIDES', defaultText: 'none' },
    'Prices in place of those of the built-in list: by model and, where wanted, geography, region and dates.',
  ),
  unknownPrice: required(
    choice(...unknownPricePolicies),
    'assume',
    { variable: 'BEDROCK_UNKNOWN_PRICE' },
    'A model without a known price is priced as the dearest of its family, marked estimated (assume), or not called (refuse).',
  ),
  budgets: required(
    budgetList,
    [],
    { variable: 'BEDROCK_BUDGETS', defaultText: 'none' },
    'Further budgets by scope and period, hard or soft, in USD, tokens or calls; see docs/budgets.md.',
  ),
  budgetTimeZone: required(
    timeZone,
    'UTC',
    { variable: 'BEDROCK_BUDGET_TIME_ZONE' },
    'Time zone in which days, weeks and months of budgets begin, when the budget does not name its own.',
  ),
});
