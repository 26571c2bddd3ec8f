import type { BudgetDefinition, BudgetSubject } from '../../core/budget.js';
import type { Clock } from '../../core/clock.js';
import type { BudgetOutlook, BudgetStrain } from '../../core/ports.js';
import { type Counter, counterName, countersOf } from './counters.js';
import { type Standings, spentShare } from './standings.js';
import { strainedFrom } from './throttle-curve.js';

export interface Strained {
  readonly counter: Counter;
  readonly share: number;
}

export interface OutlookOptions {
  readonly definitions: readonly BudgetDefinition[];
  readonly standings: Standings;
  readonly clock: Clock;
}

/** What the budgets leave, as this server last heard. */
export interface Outlook extends BudgetOutlook {
  /** The hard budget that is nearest to its limit, among those that concern the subject; undefined: none is strained. */
  strained(subject: BudgetSubject): Strained | undefined;
}

export function createOutlook({ definitions, standings, clock }: OutlookOptions): Outlook {
  const limited = definitions.filter(({ limit }) => limit !== undefined);
  const hard = limited.filter((definition) => definition.hard);
  const hardMoney = hard.filter(({ unit }) => unit === 'usd');
  const beforeRouting = limited.filter(({ scope: { kind } }) => kind !== 'model' && kind !== 'provider');

  const nearest = (among: readonly BudgetDefinition[], subject: BudgetSubject): Strained | undefined => {
    const shares = countersOf(among, subject, clock.nowMs()).flatMap((counter) => {
      const state = standings.of(counter);
      return state ? [{ counter, share: spentShare(counter, state) }] : [];
    });
    const [worst] = shares.toSorted((left, right) => right.share - left.share);
    return worst && worst.share >= strainedFrom ? worst : undefined;
  };

  return {
    strained: (subject) => nearest(hard, subject),
    strain: (subject) => {
      const found = nearest(beforeRouting, { ...subject, model: '', provider: '' });
      return found && strainOf(found);
    },
    affordable: (subject) => {
      const counters = countersOf(hardMoney, subject, clock.nowMs());
      if (counters.length === 0) return undefined;
      const left = counters.map((counter) => {
        const { spent, reserved } = standings.of(counter) ?? { spent: 0, reserved: 0 };
        return (counter.budget.limit ?? 0) - spent - reserved;
      });
      return Math.max(0, Math.min(...left));
    },
  };
}

const strainOf = ({ counter, share }: Strained): BudgetStrain => ({
  budget: counterName(counter),
  share,
  resetsAtMs: counter.window.toMs,
});
