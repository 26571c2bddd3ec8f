import type { Budget } from '../core/integration-service.js';
import type { CheckResult, HealthCheck } from '../core/ports.js';
import type { NanoUsd } from '../core/response.js';
import { formatUsd } from './money.js';

export interface BudgetCheckOptions {
  readonly budgets: () => Promise<readonly Budget[]>;
  /** Settlements that could not be written yet. */
  readonly pending: () => number;
  /** Spending of a day from which on health warns. */
  readonly alertThreshold?: NanoUsd;
}

/** Whether the ledger can be read and written, and whether money is left. */
export function createBudgetCheck({ budgets, pending, alertThreshold }: BudgetCheckOptions): HealthCheck {
  return {
    name: 'budget',
    run: async () => {
      const all = await budgets();
      const waiting = pending();
      if (waiting > 0) return unwritten(waiting);
      const exhausted = all.find((budget) => budget.state === 'exhausted');
      if (exhausted) return spent(exhausted);
      const [day] = all;
      if (day && alertThreshold !== undefined && day.spent >= alertThreshold) {
        return {
          status: 'degraded',
          detail: `${standing(day)}, above the alert threshold ${formatUsd(alertThreshold)}.`,
        };
      }
      return { status: 'healthy', detail: `${all.map(standing).join('; ')}.` };
    },
  };
}

const standing = ({ scope, spent, limit }: Budget): string =>
  `${scope}: ${formatUsd(spent)} spent${limit === undefined ? ', no limit' : ` of ${formatUsd(limit)}`}`;

function spent(budget: Budget): CheckResult {
  return {
    status: 'degraded',
    detail: `The budget is used up (${standing(budget)}).`,
    remedy: `Raise BEDROCK_DAILY_COST_LIMIT, or wait until ${new Date(budget.resetsAtMs).toISOString()}.`,
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
