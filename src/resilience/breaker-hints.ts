import type { EventSubscriber } from '../core/events.js';
import type { Target } from '../core/target.js';
import type { CircuitBreakers } from './circuit-breakers.js';

/** What one server tells the others of a breaker. It may be lost, late or wrong: a hint, never an order. */
export interface BreakerHint {
  readonly target: Target;
  readonly state: 'open' | 'closed';
  readonly why: string;
}

export interface BreakerHints {
  /** Returns at once; a hint that cannot be sent is lost. */
  tell(hint: BreakerHint): void;
  /** Hears what other servers tell. */
  hear(listener: (hint: BreakerHint) => void): void;
}

/** Tells other servers which breakers opened and closed here by own experience, and takes their hints. */
export function shareBreakers(breakers: Pick<CircuitBreakers, 'hint'>, hints: BreakerHints): EventSubscriber {
  hints.hear(breakers.hint);
  return {
    onCallEvent: () => undefined,
    onServerEvent: (event) => {
      // What was only heard is not passed on, else hints would go round for ever.
      if (event.type !== 'breaker-changed' || event.state === 'half-open' || event.hinted) return;
      const { target, state, why } = event;
      hints.tell({ target, state, why });
    },
  };
}
