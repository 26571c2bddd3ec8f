import type { Clock } from '../core/clock.js';

/** Sockets of one pool or of several together. */
export interface PoolFigures {
  /** Sockets that carry a call. */
  readonly busy: number;
  /** Open sockets that wait for one. */
  readonly idle: number;
  /** Calls that wait for a socket. */
  readonly waiting: number;
}

/** What the connections to AWS show of themselves, over all clients. */
export interface ConnectionWatch {
  /** Takes the Date header of an answer that has just arrived. */
  sawDate(header: string | undefined): void;
  /** Counts a pool until the function that is returned is called. */
  addPool(figures: () => PoolFigures): () => void;
  pools(): PoolFigures;
  /** Milliseconds by which AWS's clock is ahead of ours; undefined before the first answer. */
  clockOffsetMs(): number | undefined;
}

/** A Date header has whole seconds, so on average it is half a second behind. */
const dateRoundingMs = 500;

export function createConnectionWatch({ clock }: { readonly clock: Clock }): ConnectionWatch {
  const pools = new Set<() => PoolFigures>();
  let offsetMs: number | undefined;
  return {
    sawDate: (header) => {
      const date = Date.parse(header ?? '');
      if (!Number.isNaN(date)) offsetMs = date + dateRoundingMs - clock.nowMs();
    },
    addPool: (figures) => {
      pools.add(figures);
      return () => pools.delete(figures);
    },
    pools: () => {
      const total = { busy: 0, idle: 0, waiting: 0 };
      for (const { busy, idle, waiting } of [...pools].map((figures) => figures())) {
        total.busy += busy;
        total.idle += idle;
        total.waiting += waiting;
      }
      return total;
    },
    clockOffsetMs: () => offsetMs,
  };
}
