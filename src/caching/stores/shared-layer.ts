import type { Clock, Random } from '../../core/clock.js';
import type { RedisConnection } from '../../storage/redis-connection.js';
import type { Sealer } from '../../storage/sealer.js';
import type { DropRule } from '../drop-rules.js';
import { type AnswerClaims, createAnswerClaims } from './answer-claims.js';
import { createRedisStore, type RedisStore, type WriteOutcome } from './redis-store.js';
import { createSharedDrops, type SharedDrops } from './shared-drops.js';

export interface SharedWrites {
  /** Redis refused them, or they failed. */
  readonly lost: number;
  /** The last one was refused for want of room. */
  readonly full: boolean;
}

/** What the replicas of a server share about answers. */
export interface SharedLayer {
  readonly store: RedisStore;
  readonly claims: AnswerClaims;
  readonly drops: SharedDrops;
  writes(): SharedWrites;
}

export interface SharedLayerOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly sealer?: Sealer | undefined;
}

/** What to do about what other replicas drop. */
export interface DropListener {
  readonly onRule: (rule: DropRule) => void;
  readonly onAll: (rules: readonly DropRule[]) => void;
}

/** Joins the shared layer; the listener hears of the other replicas from then on. */
export type OpenSharedLayer = (listener: DropListener) => SharedLayer;

export const sharedLayer =
  (options: SharedLayerOptions): OpenSharedLayer =>
  (listener) => {
    let lost = 0;
    let full = false;
    const onWrite = (outcome: WriteOutcome) => {
      if (outcome !== 'kept') lost += 1;
      // A write that got lost says nothing about room.
      if (outcome !== 'lost') full = outcome === 'full';
    };
    return {
      store: createRedisStore({ ...options, onWrite }),
      claims: createAnswerClaims(options),
      drops: createSharedDrops({ ...options, ...listener }),
      writes: () => ({ lost, full }),
    };
  };
