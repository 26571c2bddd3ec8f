import { type Target, targetKey } from '../core/target.js';

export interface RetryBudget {
  /**
   * Takes leave for one retry of the target; false when its retries are used up. While other targets are left, half of
   * the budget is kept for calls that have nowhere else to go.
   */
  take(target: Target, lastResort: boolean): boolean;
  /** A first attempt that succeeded pays a part of a later retry. */
  deposit(target: Target): void;
}

export interface RetryBudgetOptions {
  /** Retries a target may have at once, and at the start. */
  readonly capacity?: number;
  /** Part of a retry that each success pays. */
  readonly perSuccess?: number;
  readonly maxTargets?: number;
}

/**
 * Keeps retries a share of recent successes, so that they do not multiply an outage: a token bucket a target, as in the
 * retry quota of the AWS SDKs' standard mode and in Finagle's RetryBudget.
 */
export function createRetryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const { capacity = 10, perSuccess = 0.2, maxTargets = 512 } = options;
  const balances = new Map<string, number>();

  const set = (key: string, balance: number) => {
    balances.delete(key);
    balances.set(key, balance);
    const [oldest] = balances.keys();
    if (balances.size > maxTargets && oldest !== undefined) balances.delete(oldest);
  };

  return {
    take: (target, lastResort) => {
      const key = targetKey(target);
      const balance = balances.get(key) ?? capacity;
      if (balance < (lastResort ? 1 : 1 + capacity / 2)) return false;
      set(key, balance - 1);
      return true;
    },
    deposit: (target) => {
      const key = targetKey(target);
      const balance = balances.get(key);
      if (balance !== undefined && balance < capacity) set(key, Math.min(capacity, balance + perSuccess));
    },
  };
}
