import { evictionNames } from '../../src/caching/eviction/eviction-policy.js';
import { createWeighedTable, type EvictionSetting } from '../../src/caching/eviction/weighed-table.js';
import { systemClock } from '../../src/core/clock.js';
import type { Trace } from './traces.js';

/** Room for this part of all answers of a trace. */
export const roomShares = [0.01, 0.1] as const;

export interface EvictionFigures {
  readonly trace: string;
  readonly roomShare: number;
  readonly policy: EvictionSetting;
  /** Of all questions. */
  readonly hitRate: number;
  /** Of all that the questions would cost without a cache. */
  readonly saved: number;
}

/** Hit rate and money saved of each policy on a trace, in the table that the server uses. */
export function measureEviction(trace: Trace): readonly EvictionFigures[] {
  const different = new Map(trace.questions.map(({ key, bytes }) => [key, bytes]));
  const footprint = [...different.values()].reduce((sum, bytes) => sum + bytes, 0);
  return roomShares.flatMap((roomShare) =>
    [...evictionNames, 'auto' as const].map((policy) => ({
      trace: trace.name,
      roomShare,
      policy,
      ...replay(trace, Math.round(footprint * roomShare), policy),
    })),
  );
}

function replay({ questions }: Trace, maxBytes: number, eviction: EvictionSetting) {
  const table = createWeighedTable<true>({ maxBytes, clock: systemClock, eviction });
  const forever = Number.POSITIVE_INFINITY;
  let [hits, saved, spent] = [0, 0, 0];
  for (const { key, bytes, cost } of questions) {
    if (table.find(key)) {
      hits += 1;
      saved += cost;
    } else {
      spent += cost;
      table.keep(key, { value: true, bytes, cost, expiresAtMs: forever, deadAtMs: forever, hits: 0 });
    }
  }
  return { hitRate: hits / questions.length, saved: saved / (saved + spent) };
}
