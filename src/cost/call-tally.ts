import type { CallContext } from '../core/pipeline.js';
import type { NanoUsd } from '../core/response.js';

/** What a call has cost and holds over all its attempts and candidates. */
export interface CallTally {
  spent: NanoUsd;
  held: NanoUsd;
  /** True for the first row of the call in the ledger. */
  isFirstRow(): boolean;
  /** Names the next attempt that is to be covered, for ledger and budgets. */
  nextId(requestId: string): string;
}

/** The tally of each call; a call is known by the count of attempts that all its candidates share. */
export function createCallTallies(): (context: Pick<CallContext, 'attempts'>) => CallTally {
  const tallies = new WeakMap<CallContext['attempts'], CallTally>();
  return ({ attempts }) => {
    const known = tallies.get(attempts);
    if (known) return known;
    let count = 0;
    let rows = 0;
    const tally: CallTally = {
      spent: 0,
      held: 0,
      isFirstRow: () => {
        rows += 1;
        return rows === 1;
      },
      nextId: (requestId) => {
        count += 1;
        return `${requestId}/${count}`;
      },
    };
    tallies.set(attempts, tally);
    return tally;
  };
}
