import { describe, expect, it } from '@jest/globals';
import { modelId, region } from '../../src/core/target.js';
import { createRetryBudget } from '../../src/resilience/retry-budget.js';

const target = (name: string) => ({ model: modelId(name), region: region('us-east-1') });

describe('retry budget', () => {
  it('ends when nothing succeeds, for that target only', () => {
    const budget = createRetryBudget({ capacity: 3 });
    const taken = [...Array(10)].filter(() => budget.take(target('a'), true));
    expect(taken).toHaveLength(3);
    expect(budget.take(target('b'), true)).toBe(true);
  });

  it('is paid by successes, up to its capacity', () => {
    const budget = createRetryBudget({ capacity: 2, perSuccess: 0.25 });
    while (budget.take(target('a'), true)) {
      // until it is empty
    }
    for (let success = 0; success < 3; success += 1) budget.deposit(target('a'));
    expect(budget.take(target('a'), true)).toBe(false);
    budget.deposit(target('a'));
    expect(budget.take(target('a'), true)).toBe(true);
    for (let success = 0; success < 100; success += 1) budget.deposit(target('a'));
    expect([...Array(5)].filter(() => budget.take(target('a'), true))).toHaveLength(2);
  });

  it('keeps half of itself for calls that have nowhere else to go', () => {
    const budget = createRetryBudget({ capacity: 10 });
    expect([...Array(20)].filter(() => budget.take(target('a'), false))).toHaveLength(5);
    expect([...Array(20)].filter(() => budget.take(target('a'), true))).toHaveLength(5);
  });

  it('remembers a bounded number of targets', () => {
    const budget = createRetryBudget({ capacity: 1, maxTargets: 2 });
    for (const name of ['a', 'b', 'c']) budget.take(target(name), true);
    expect(budget.take(target('a'), true)).toBe(true);
    expect(budget.take(target('c'), true)).toBe(false);
  });
});
