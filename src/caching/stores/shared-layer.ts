import type { Clock, Random } from '../../core/clock.js';
import type { RedisConnection } from '../../storage/redis-connection.js';
import type { Sealer } from '../../storage/sealer.js';
import type { DropRule } from '../drop-rules.js';
import { type AnswerClaims, createAnswerClaims } from './answer-claims.js';
import { createRedisStore, type RedisStore } from './redis-store.js';
import { createSharedDrops, type SharedDrops } from './shared-drops.js';

/** What the replicas of a server share about answers. */
export interface SharedLayer {
  readonly store: RedisStore;
  readonly claims: AnswerClaims;
  readonly drops: SharedDrops;
  /** Writes that Redis refused or that failed. */
  lostWrites(): number;
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
    const onLostWrite = () => {
      lost += 1;
    };
    return {
      store: createRedisStore({ ...options, onLostWrite }),
      claims: createAnswerClaims(options),
      drops: createSharedDrops({ ...options, ...listener }),
      lostWrites: () => lost,
    };
  };
