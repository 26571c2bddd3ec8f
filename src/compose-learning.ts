import { join } from 'node:path';
import type { Settings } from './config/settings.js';
import type { Clock, Random } from './core/clock.js';
import type { Logger } from './core/ports.js';
import { createOutcomeLearner, type OutcomeLearner } from './routing/outcome-learner.js';
import { createPosteriorSharing, type PosteriorSharing } from './routing/posterior-sharing.js';
import { createQualityPosteriors, type QualityPosteriors } from './routing/quality-posteriors.js';
import { createSessionAffinity, type SessionAffinity } from './routing/session-affinity.js';
import { createPosteriorFileStore } from './routing/stores/posterior-file-store.js';
import { createPosteriorRedisStore } from './routing/stores/posterior-redis-store.js';
import type { RedisConnection } from './storage/redis-connection.js';

export interface LearningParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Undefined: what is learned is shared by the processes of one data directory only. */
  readonly redis: RedisConnection | undefined;
}

export interface Learning {
  readonly seed: number;
  readonly posteriors: QualityPosteriors;
  readonly affinity: SessionAffinity;
  readonly learner: OutcomeLearner;
  close(): Promise<void>;
}

const listenEveryMs = 15_000;

/** What is learned of models from ratings and outcomes, and where it is kept: off the way of requests. */
export async function startLearning(parts: LearningParts): Promise<Learning> {
  const { clock, random } = parts;
  const seed = Math.floor(random.next() * 2 ** 32);
  const posteriors = createQualityPosteriors({ seed });
  const affinity = createSessionAffinity({ clock });
  const sharing = await startSharing(parts, posteriors);
  const learner = createOutcomeLearner({ posteriors, affinity, onLearned: sharing.changed });
  return { seed, posteriors, affinity, learner, close: sharing.close };
}

async function startSharing(parts: LearningParts, posteriors: QualityPosteriors): Promise<PosteriorSharing> {
  const { settings, clock, random, logger, redis } = parts;
  if (redis !== undefined) {
    const store = createPosteriorRedisStore({ redis, process: random.id() });
    const sharing = createPosteriorSharing({ store, posteriors, clock, listenEveryMs });
    // Soon rather than at once: the start waits for no Redis.
    sharing.changed();
    return sharing;
  }
  // What the sandbox answers says nothing about the models it stands for.
  const file = join(settings.storage.dataDir, settings.sandbox ? 'routing-sandbox.json' : 'routing.json');
  const store = createPosteriorFileStore({ file, clock, logger });
  const sharing = createPosteriorSharing({ store, posteriors, clock });
  await sharing.exchange();
  return sharing;
}
