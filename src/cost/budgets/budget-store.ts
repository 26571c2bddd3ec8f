/** A part of a hold. */
export interface HoldLine {
  readonly counter: string;
  readonly amount: number;
  /** The hold is refused when spent + reserved + amount would be more; undefined: it is only counted. */
  readonly limit?: number;
}

export interface CounterState {
  readonly spent: number;
  readonly reserved: number;
  /** The part of `spent` that the ledger of this server has the rows of. */
  readonly own: number;
}

/** `states` and `refused` go by the order of the lines. */
export type HoldOutcome =
  | { readonly outcome: 'admitted'; readonly states: readonly CounterState[] }
  | { readonly outcome: 'refused'; readonly refused: readonly number[]; readonly states: readonly CounterState[] }
  /** It was settled or released before, so that it must not be admitted any more. */
  | { readonly outcome: 'settled' }
  /** The store knows nothing of these counters: they have to be seeded first. */
  | { readonly outcome: 'unseeded'; readonly counters: readonly string[] };

export interface BookingLine {
  readonly counter: string;
  readonly amount: number;
}

/** `unseeded`: nothing was booked, because the store knows nothing of these counters. */
export interface BookingOutcome {
  readonly unseeded: readonly string[];
  /** What the booked counters stand at, by the order of the lines; empty when nothing was booked. */
  readonly states: readonly CounterState[];
}

/** What the ledger knows of a counter: the ground on which it is built anew. */
export interface Seed {
  readonly counter: string;
  /** Wall clock; the counter may be forgotten some days after it. */
  readonly endsAtMs: number;
  readonly spent: number;
  /** Ids that `spent` holds already and whose booking may still be on its way. */
  readonly booked: readonly string[];
  /** Attempts under way. */
  readonly open: readonly { readonly id: string; readonly amount: number; readonly leaseMs: number }[];
}

/**
 * Counters and holds of all server processes that share them. Each member is one atomic step, and idempotent by the id
 * of the hold: repeated after a lost reply it changes nothing. Members reject when the store cannot be reached; what
 * they did then is not known.
 */
export interface BudgetStore {
  /** Reserves all lines or none. The hold lets go by itself after `leaseMs`. */
  hold(id: string, leaseMs: number, lines: readonly HoldLine[]): Promise<HoldOutcome>;
  /** Prolongs a hold; puts it back where it was lost. A settled one stays settled. */
  renew(id: string, leaseMs: number, lines: readonly HoldLine[]): Promise<void>;
  /** Adds each line once and lets the hold go. Without lines: only lets go. */
  settle(id: string, lines: readonly BookingLine[]): Promise<BookingOutcome>;
  /** Makes the own part of a counter known; one that is known is left as it is. */
  seed(seed: Seed): Promise<void>;
  /** Forgets the own part of a counter if it still is `own`, so that it is seeded anew. */
  unseed(counter: string, own: number): Promise<void>;
  /** By the order of the counters; undefined where the store knows nothing. */
  states(counters: readonly string[]): Promise<readonly (CounterState | undefined)[]>;
  /** The same word until the store has lost what it knew. */
  epoch(): Promise<string>;
}

/** Which alerts are on, over all processes, so that each is told once when it begins and once when it ends. */
export interface AlertFlags {
  /** True for the one process that raised it. */
  raise(counter: string, alert: string): Promise<boolean>;
  /** True for the one process that lowered it. */
  lower(counter: string, alert: string): Promise<boolean>;
  /** All that are raised. */
  raised(): Promise<readonly { readonly counter: string; readonly alert: string }[]>;
}
