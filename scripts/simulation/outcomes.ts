import type { SimulatedClock } from './simulated-clock.js';

/** Tells the policy of what happened when it is over, not when the request comes. */
export interface Outcomes {
  readonly at: (second: number, tell: () => void) => void;
  readonly deliverUntil: (second: number) => void;
}

export function outcomes(clock: SimulatedClock): Outcomes {
  const pending: { second: number; tell: () => void }[] = [];
  return {
    at: (second, tell) => {
      const place = pending.findLastIndex((other) => other.second <= second);
      pending.splice(place + 1, 0, { second, tell });
    },
    deliverUntil: (second) => {
      for (let next = pending[0]; next !== undefined && next.second <= second; next = pending[0]) {
        pending.shift();
        clock.set(next.second);
        next.tell();
      }
      clock.set(second);
    },
  };
}
