import { type BudgetDefinition, type BudgetSubject, type BudgetUse, tagsWithGroups } from '../../core/budget.js';
import type { Clock } from '../../core/clock.js';
import type { Budget } from '../../core/integration-service.js';
import type { Caller } from '../../core/pipeline.js';
import type { CounterState } from './budget-store.js';
import { amountsOf, type Counter, counterName, counterOf, countersOf, isOneCounter } from './counters.js';
import type { Reach } from './reach.js';
import type { SeedingStore } from './seeding-store.js';
import type { Standings } from './standings.js';
import { strainedFrom } from './throttle-curve.js';

/** Budgets that each caller, session or tag value has: so many of each kind are listed, the fullest first. */
const listedOfAKind = 20;
const nothing: CounterState = { spent: 0, reserved: 0, own: 0 };

export interface BudgetListOptions {
  readonly definitions: readonly BudgetDefinition[];
  readonly store: SeedingStore;
  readonly standings: Standings;
  readonly reach: Reach;
  readonly clock: Clock;
}

export interface BudgetList {
  /** What all budgets stand at; as last heard when the store cannot be reached. */
  all(): Promise<readonly Budget[]>;
  /** What the budgets of a caller and of his groups stand at: those of the server would tell of others. */
  of(caller: Caller): Promise<readonly Budget[]>;
  /** True when every hard budget that concerns the subject has room for the use. */
  fits(subject: BudgetSubject, use: BudgetUse): Promise<boolean>;
}

export function createBudgetList({ definitions, store, standings, reach, clock }: BudgetListOptions): BudgetList {
  const listed = (): readonly Counter[] => {
    const nowMs = clock.nowMs();
    const fixed = definitions.filter(isOneCounter).map((budget) => counterOf(budget, '', nowMs));
    const names = new Set(fixed.map(({ key }) => key));
    const seen = standings.current(nowMs).filter(({ counter }) => !names.has(counter.key));
    const fullest = seen.toSorted(
      (left, right) => fullness(right.counter, right.state) - fullness(left.counter, left.state),
    );
    const counts = new Map<string, number>();
    const own = fullest.filter(({ counter: { budget } }) => {
      const count = (counts.get(budget.name) ?? 0) + 1;
      counts.set(budget.name, count);
      return count <= listedOfAKind;
    });
    return [...fixed, ...own.map(({ counter }) => counter)];
  };
  const statesOf = async (counters: readonly Counter[]): Promise<readonly CounterState[]> => {
    try {
      const states = await store.states(counters);
      reach.found();
      return states;
    } catch {
      reach.lost();
      return counters.map((counter) => standings.of(counter) ?? nothing);
    }
  };

  const views = async (counters: readonly Counter[]): Promise<readonly Budget[]> => {
    const states = await statesOf(counters);
    return counters.map((counter, index) => budgetView(counter, states[index] ?? nothing));
  };

  return {
    all: () => views(listed()),
    of: (caller) => views(countersOf(definitions.filter(isPersonal), subjectOf(caller), clock.nowMs())),
    fits: async (subject, use) => {
      const limited = definitions.filter(({ hard, limit }) => hard && limit !== undefined);
      const parts = amountsOf(countersOf(limited, subject, clock.nowMs()), use);
      const states = await statesOf(parts.map(({ counter }) => counter));
      return parts.every(({ counter, amount }, index) => {
        const { spent, reserved } = states[index] ?? nothing;
        return spent + reserved + amount <= (counter.budget.limit ?? Number.POSITIVE_INFINITY);
      });
    },
  };
}

const isPersonal = ({ scope: { kind } }: BudgetDefinition): boolean =>
  kind === 'caller' || kind === 'group' || kind === 'tag';

const subjectOf = ({ id, budget, groups }: Caller): BudgetSubject => ({
  caller: id,
  model: '',
  provider: '',
  tags: tagsWithGroups({}, groups),
  ...(budget && { own: budget }),
});

const fullness = ({ budget: { limit } }: Counter, { spent, reserved }: CounterState): number =>
  limit === undefined ? 0 : (spent + reserved) / limit;

function budgetView(counter: Counter, state: CounterState): Budget {
  const { limit, unit, period, hard } = counter.budget;
  const { spent, reserved } = state;
  return {
    scope: counterName(counter),
    unit,
    period,
    hard,
    ...(limit !== undefined && { limit }),
    spent,
    reserved,
    state: stateName(counter, state),
    resetsAtMs: counter.window.toMs,
  };
}

function stateName(counter: Counter, state: CounterState): Budget['state'] {
  if (counter.budget.limit === undefined) return 'unlimited';
  const full = fullness(counter, state);
  if (full >= 1) return 'exhausted';
  return full >= strainedFrom ? 'near_limit' : 'open';
}
