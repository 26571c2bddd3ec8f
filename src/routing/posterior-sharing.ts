import type { Clock } from '../core/clock.js';
import { learnedSince, nothingLearned, plus } from './posterior-change.js';
import type { PosteriorSnapshot, QualityPosteriors } from './quality-posteriors.js';

/** Where several servers keep together what they learn of models. */
export interface PosteriorStore {
  /**
   * Adds a change to what is kept and gives what is kept then; undefined when it is not known whether that was done.
   * The same number again adds nothing. Never rejects.
   */
  merge(change: PosteriorSnapshot, number: number): Promise<PosteriorSnapshot | undefined>;
}

export interface PosteriorSharingOptions {
  readonly store: PosteriorStore;
  readonly posteriors: QualityPosteriors;
  readonly clock: Clock;
  /** How often to ask for what others learned, milliseconds; undefined: only when something was learned here. */
  readonly listenEveryMs?: number;
}

export interface PosteriorSharing {
  /** Shares soon, once for all that is learned until then. */
  changed(): void;
  /** Shares what is not yet shared, and takes over what others have. Never rejects. */
  exchange(): Promise<void>;
  close(): Promise<void>;
}

/** A change on its way: sent again under the same number until it is known to have arrived. */
interface Pending {
  readonly number: number;
  readonly at: PosteriorSnapshot;
  readonly change: PosteriorSnapshot;
}

const shareDelayMs = 5_000;

/** Exchanges what was learned with a store, as changes that add up, so that no server overwrites what another learned. */
export function createPosteriorSharing(options: PosteriorSharingOptions): PosteriorSharing {
  const { store, posteriors, clock, listenEveryMs } = options;
  const closing = new AbortController();
  let shared = nothingLearned;
  let pending: Pending | undefined;
  let number = 0;
  let dirty = false;
  let waiting = false;
  let exchanging = Promise.resolve();

  const next = (): Pending => {
    const at = posteriors.snapshot();
    dirty = false;
    number += 1;
    return { number, at, change: learnedSince(shared, at) };
  };
  const once = async () => {
    pending ??= next();
    const merged = await store.merge(pending.change, pending.number);
    if (merged === undefined) return;
    posteriors.restore(plus(merged, learnedSince(pending.at, posteriors.snapshot())));
    shared = merged;
    pending = undefined;
  };
  const exchange = () => {
    exchanging = exchanging.then(once);
    return exchanging;
  };
  const shareLater = async () => {
    waiting = true;
    await clock.sleep(shareDelayMs, closing.signal).catch(() => undefined);
    waiting = false;
    if (!closing.signal.aborted) await exchange();
  };
  const listen = async (everyMs: number) => {
    while (!closing.signal.aborted) {
      await clock.sleep(everyMs, closing.signal).catch(() => undefined);
      if (!closing.signal.aborted) await exchange();
    }
  };
  if (listenEveryMs !== undefined) void listen(listenEveryMs);

  return {
    changed: () => {
      dirty = true;
      if (!waiting && !closing.signal.aborted) void shareLater();
    },
    exchange,
    close: async () => {
      closing.abort();
      await exchanging;
      if (pending !== undefined) await exchange();
      if (dirty) await exchange();
    },
  };
}
