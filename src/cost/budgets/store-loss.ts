import type { BudgetDefinition, StoreLossPolicy } from '../../core/budget.js';
import { type Counter, type CounterAmount, counterName } from './counters.js';

/** What a budget does without its counters; one without a limit, or a soft one, never stands in the way. */
export const policyOf = ({ hard, limit, onStoreLoss }: BudgetDefinition): StoreLossPolicy =>
  hard && limit !== undefined ? onStoreLoss : 'open';

export function strictest(parts: readonly CounterAmount[]): StoreLossPolicy {
  const policies = parts.map(({ counter }) => policyOf(counter.budget));
  if (policies.includes('closed')) return 'closed';
  return policies.includes('slice') ? 'slice' : 'open';
}

type Passed = { readonly refusal: CounterAmount } | { readonly notices: readonly string[] };

export function passUnchecked(
  id: string,
  parts: readonly CounterAmount[],
  take: (id: string, parts: readonly CounterAmount[]) => Counter | undefined,
): Passed {
  const by = (policy: StoreLossPolicy) => parts.filter(({ counter }) => policyOf(counter.budget) === policy);
  const [closed] = by('closed');
  if (closed) return { refusal: closed };
  const sliced = by('slice');
  const short = take(id, sliced);
  const refusal = sliced.find(({ counter }) => counter === short);
  if (refusal) return { refusal };
  const open = by('open').filter(({ counter }) => counter.budget.limit !== undefined);
  return {
    notices: [
      ...sliced.map(({ counter }) => `Budget ${counterName(counter)}: taken from the part set aside for this server.`),
      ...open.map(({ counter }) => `Budget ${counterName(counter)} could not be checked; its policy lets calls pass.`),
    ],
  };
}
