import type { Alert, DeadLetter } from '../core/alerts.js';

/** A message on its way; the id stays the same over all tries. */
export interface Delivery {
  readonly id: string;
  readonly alert: Alert;
  /** Tries that have begun, this one included. */
  readonly tries: number;
}

/**
 * Messages until they are delivered, and those that were given up. Several processes may work on one store. Members
 * reject when the store cannot be reached. Times are of the wall clock.
 */
export interface DeliveryStore {
  /** False when too many wait already. The same id is taken once. */
  add(id: string, alert: Alert, nowMs: number): Promise<boolean>;
  /**
   * The oldest message that is due, for the caller alone until `nowMs + leaseMs`. One that follows another of the same
   * alert waits until that has left, so that no alert ends before it has begun.
   */
  claim(nowMs: number, leaseMs: number): Promise<Delivery | undefined>;
  delivered(id: string): Promise<void>;
  postpone(id: string, dueAtMs: number, why: string): Promise<void>;
  bury(id: string, why: string, nowMs: number): Promise<void>;
  /** Newest first. */
  dead(): Promise<readonly DeadLetter[]>;
  /** Makes given-up messages due again, with all their tries; how many there were. */
  revive(ids: readonly string[] | 'all', nowMs: number): Promise<number>;
  counts(): Promise<DeliveryCounts>;
}

export interface DeliveryCounts {
  readonly waiting: number;
  readonly dead: number;
}

/** More than a receiver can want to read after an outage. */
export const mostWaiting = 10_000;
/** The oldest of them are forgotten. */
export const mostDead = 1_000;
