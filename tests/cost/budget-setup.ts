import type { BudgetDefinition } from '../../src/core/budget.js';
import type { Clock } from '../../src/core/clock.js';
import type { SpendTruth } from '../../src/core/ledger.js';
import type { Logger } from '../../src/core/ports.js';
import { createBudgetKeeper } from '../../src/cost/budgets/budget-keeper.js';
import { createBudgetList } from '../../src/cost/budgets/budget-list.js';
import type { BudgetStore } from '../../src/cost/budgets/budget-store.js';
import { createOutlook } from '../../src/cost/budgets/outlook.js';
import { openSqliteBudgetStore } from '../../src/cost/budgets/stores/sqlite-budget-store.js';
import { createThrottleGate } from '../../src/cost/budgets/throttle-gate.js';
import { fakeRandom } from '../support/fake-clock.js';

export const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A hard daily budget in USD of the whole server, unless told otherwise. */
export function budget(overrides: Partial<BudgetDefinition> = {}): BudgetDefinition {
  return {
    name: 'day',
    scope: { kind: 'server' },
    period: 'day',
    timeZone: 'UTC',
    unit: 'usd',
    hard: true,
    onStoreLoss: 'closed',
    slicePercent: 1,
    alertAt: [80, 100],
    ...overrides,
  };
}

export interface BudgetSetup {
  readonly clock: Clock;
  readonly truth: SpendTruth;
  readonly definitions: readonly BudgetDefinition[];
  readonly store: BudgetStore;
  readonly logger?: Logger;
  readonly onServerEvent?: Parameters<typeof createBudgetKeeper>[0]['onServerEvent'];
}

/** Budgets whose counters are seeded from the ledger that is given. */
export function openBudgets({ clock, truth, definitions, store, logger = silentLogger, ...rest }: BudgetSetup) {
  const onServerEvent = rest.onServerEvent ?? (() => undefined);
  const keeper = createBudgetKeeper({ definitions, store, truth, clock, random: fakeRandom(), logger, onServerEvent });
  const outlook = createOutlook({ definitions, standings: keeper.standings, clock });
  return {
    keeper,
    outlook,
    throttle: createThrottleGate({ strained: outlook.strained, clock, maxConcurrent: 100 }),
    list: createBudgetList({ ...keeper, definitions, clock }),
  };
}

export type OpenedBudgets = ReturnType<typeof openBudgets>;

export const memoryStore = (clock: Clock) => openSqliteBudgetStore({ file: ':memory:', clock });
