import type { CounterState } from './budget-store.js';
import type { Counter } from './counters.js';

/** Far more than the callers, sessions and tags that are busy at the same time. */
const mostCounters = 5_000;

export interface Standing {
  readonly counter: Counter;
  readonly state: CounterState;
}

/** What this server heard last of each counter. */
export interface Standings {
  note(counter: Counter, state: CounterState): void;
  of(counter: Counter): CounterState | undefined;
  /** A call was refused because the counter has no room for it, whatever calls under way give back. */
  noteRefusal(counter: Counter): void;
  isRefusing(counter: Counter): boolean;
  /** Those of windows that are not over. */
  current(nowMs: number): readonly Standing[];
}

export function createStandings(): Standings {
  const known = new Map<string, Standing>();
  const refusing = new Set<string>();
  return {
    note: (counter, state) => {
      // Put at the end again, so that the first is the one that was not heard of for longest.
      known.delete(counter.key);
      known.set(counter.key, { counter, state });
      const [oldest] = known.keys();
      if (known.size > mostCounters && oldest !== undefined) known.delete(oldest);
    },
    of: ({ key }) => known.get(key)?.state,
    noteRefusal: ({ key }) => {
      if (refusing.size < mostCounters) refusing.add(key);
    },
    isRefusing: ({ key }) => refusing.has(key),
    current: (nowMs) => {
      for (const [key, { counter }] of known) {
        if (counter.window.toMs > nowMs) continue;
        known.delete(key);
        refusing.delete(key);
      }
      return [...known.values()];
    },
  };
}

/** The spent part of the limit, 0 to 1 and above; 0 without a limit. */
export const spentShare = ({ budget: { limit } }: Counter, { spent }: CounterState): number =>
  limit === undefined ? 0 : spent / limit;
