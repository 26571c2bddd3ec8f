import { ServiceError } from '../../core/errors.js';
import { formatUsd } from '../money.js';
import type { CounterState } from './budget-store.js';
import { type CounterAmount, counterName } from './counters.js';

/** Calls under way give back what they do not use, so a refusal for their sake may be over soon. */
const soonMs = 2_000;
/** A store that cannot be reached is asked again after so long. */
const storeRetryMs = 5_000;

export interface RefusedPart extends CounterAmount {
  readonly state: CounterState;
}

/** Says which budget has no room, what is left of it, and when it begins anew. The budget that lasts longest decides. */
export function noRoomError(parts: readonly RefusedPart[], nowMs: number): ServiceError {
  const [longest] = parts.toSorted((left, right) => waitOf(right, nowMs) - waitOf(left, nowMs));
  if (!longest) return new ServiceError('internal', 'A budget refused a call without a reason.');
  const { counter, amount, state } = longest;
  const { unit, limit = 0 } = counter.budget;
  const left = amountText(unit, Math.max(0, limit - state.spent - state.reserved));
  const held = state.reserved > 0 ? ` (${amountText(unit, state.reserved)} is held by calls under way)` : '';
  const resets = new Date(counter.window.toMs).toISOString();
  const could = unit === 'calls' ? 'The call' : `The call could use up to ${amountText(unit, amount)}; it`;
  const message = `${could} does not fit the budget ${JSON.stringify(counterName(counter))}: ${left} of ${amountText(unit, limit)} is left${held} until ${resets}.`;
  return new ServiceError('budget_exceeded', message, {
    reason: 'budget_used_up',
    retryAfterMs: waitOf(longest, nowMs),
  });
}

/** True when only what calls under way hold stands in the way. */
export const fitsLater = ({ counter, amount, state }: RefusedPart): boolean =>
  state.spent + amount <= (counter.budget.limit ?? 0);

function waitOf(part: RefusedPart, nowMs: number): number {
  const resetMs = Math.max(0, part.counter.window.toMs - nowMs);
  return fitsLater(part) ? Math.min(soonMs, resetMs) : resetMs;
}

/** The counters cannot be reached, and the policy of the budget is to refuse then. */
export function uncheckedError({ counter }: CounterAmount, cause: unknown): ServiceError {
  const { onStoreLoss } = counter.budget;
  const why =
    onStoreLoss === 'slice' ? 'the part set aside for this server is used up' : 'it refuses what it cannot check';
  const message = `The budget ${JSON.stringify(counterName(counter))} cannot be checked now, and ${why}.`;
  return new ServiceError('budget_exceeded', message, {
    reason: 'budget_unchecked',
    retryAfterMs: storeRetryMs,
    remedy:
      'Call again later. The operator has to check Redis, or the disk under BEDROCK_DATA_DIR; see bedrock_health.',
    cause,
  });
}

export function amountText(unit: 'usd' | 'tokens' | 'calls', amount: number): string {
  return unit === 'usd' ? formatUsd(amount) : `${amount.toLocaleString('en')} ${unit}`;
}
