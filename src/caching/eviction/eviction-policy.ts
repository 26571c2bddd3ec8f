import type { NanoUsd } from '../../core/response.js';

export const evictionNames = ['lru', 'gdsf', 'tinylfu'] as const;
export type EvictionName = (typeof evictionNames)[number];

/** What an entry takes, and what each hit on it saves. */
export interface Weight {
  readonly bytes: number;
  readonly cost: NanoUsd;
}

/** Decides what goes when there is no room; it holds keys and weights, never entries. */
export interface EvictionPolicy {
  /** A key that was not held. */
  added(key: string, weight: Weight): void;
  used(key: string): void;
  /** Somebody asked for a key that is not held. */
  missed(key: string): void;
  removed(key: string): void;
  /** Which of the held keys should go next, the newest not excepted; undefined when none is held. */
  victim(): string | undefined;
}

/** `capacityBytes` is the room that the keys of this policy share. */
export type CreateEvictionPolicy = (capacityBytes: number) => EvictionPolicy;
