import { type BudgetDefinition, type StoreLossPolicy, storeLossPolicies } from '../core/budget.js';
import type { Budget } from '../core/integration-service.js';
import type { CheckResult, HealthCheck } from '../core/ports.js';
import type { NanoUsd } from '../core/response.js';
import { amountText } from './budgets/budget-refusal.js';
import { policyOf } from './budgets/store-loss.js';
import { formatUsd } from './money.js';

export interface BudgetCheckOptions {
  readonly budgets: () => Promise<readonly Budget[]>;
  /** Settlements that could not be written yet. */
  readonly pending: () => number;
  /** Bookings that wait for the store of the budgets. */
  readonly unsent: () => number;
  /** True while the counters cannot be reached. */
  readonly isLost: () => boolean;
  readonly definitions: readonly BudgetDefinition[];
  /** Where the counters are, and for whom. */
  readonly store: string;
  /** Spending of a day from which on health warns. */
  readonly alertThreshold?: NanoUsd;
}

/** Whether the ledger can be read and written, the budgets be checked, and whether money is left. */
export function createBudgetCheck(options: BudgetCheckOptions): HealthCheck {
  const { budgets, pending, unsent, isLost, definitions, store, alertThreshold } = options;
  return {
    name: 'budget',
    run: async () => {
      const all = await budgets();
      if (pending() > 0) return unwritten(pending());
      if (isLost()) return unreached(definitions, unsent(), store);
      if (unsent() > 0) return uncounted(unsent(), store);
      const exhausted = all.filter(({ state }) => state === 'exhausted');
      if (exhausted.length > 0) return spent(exhausted);
      const strained = all.filter(({ state }) => state === 'near_limit');
      if (strained.length > 0) return near(strained);
      const [day] = all;
      if (day && alertThreshold !== undefined && day.spent >= alertThreshold) {
        return {
          status: 'degraded',
          detail: `${standing(day)}, above the alert threshold ${formatUsd(alertThreshold)}.`,
        };
      }
      return { status: 'healthy', detail: `${all.slice(0, 10).map(standing).join('; ')}. Counted ${store}.` };
    },
  };
}

const standing = ({ scope, unit, spent: used, limit }: Budget): string =>
  `${scope}: ${amountText(unit, used)} spent${limit === undefined ? ', no limit' : ` of ${amountText(unit, limit)}`}`;

function spent(budgets: readonly Budget[]): CheckResult {
  const [first] = budgets.toSorted((left, right) => left.resetsAtMs - right.resetsAtMs);
  const what = budgets.length === 1 ? 'The budget is used up' : `${budgets.length} budgets are used up`;
  return {
    status: 'degraded',
    detail: `${what} (${budgets.slice(0, 5).map(standing).join('; ')}).`,
    remedy: `Raise the limit (BEDROCK_DAILY_COST_LIMIT, BEDROCK_BUDGETS), or wait until ${new Date(first?.resetsAtMs ?? 0).toISOString()}.`,
  };
}

function near(budgets: readonly Budget[]): CheckResult {
  return {
    status: 'degraded',
    detail: `Near the limit: ${budgets.slice(0, 5).map(standing).join('; ')}. Calls are held back by the throttling curve.`,
    remedy: 'Raise the limit (BEDROCK_DAILY_COST_LIMIT, BEDROCK_BUDGETS), or prefer cheaper models.',
  };
}

const withoutCounters: Readonly<Record<StoreLossPolicy, string>> = {
  closed: 'refuse calls',
  slice: 'go on within the part set aside for this server',
  open: 'let calls pass uncounted',
};

function unreached(definitions: readonly BudgetDefinition[], waiting: number, store: string): CheckResult {
  const limited = definitions.filter(({ limit }) => limit !== undefined);
  const told = storeLossPolicies.flatMap((policy) => {
    const names = limited.filter((budget) => policyOf(budget) === policy).map(({ name }) => name);
    return names.length === 0 ? [] : [`${names.slice(0, 10).join(', ')} ${withoutCounters[policy]}`];
  });
  const consequences = told.length === 0 ? '' : ` Meanwhile ${told.join('; ')}.`;
  return {
    status: 'degraded',
    detail: `The counters of the budgets, kept ${store}, cannot be reached; ${waiting} bookings wait for them.${consequences}`,
    remedy: storeRemedy,
  };
}

const storeRemedy =
  'Check the Redis of BEDROCK_REDIS_URL, or the disk under BEDROCK_DATA_DIR; what waits is sent by itself then.';

function uncounted(waiting: number, store: string): CheckResult {
  return {
    status: 'degraded',
    detail: `${waiting} bookings wait for the counters of the budgets, which are kept ${store}.`,
    remedy: storeRemedy,
  };
}

function unwritten(waiting: number): CheckResult {
  return {
    status: 'degraded',
    detail: `${waiting} settlements could not be written to the ledger yet.`,
    remedy:
      'Make sure that BEDROCK_DATA_DIR can be written and its disk has space; they are written by themselves then.',
  };
}
