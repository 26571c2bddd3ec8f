import type { ApplicationOptions } from './compose.js';
import type { Answers } from './core/answers.js';
import type { Diagnostics } from './core/diagnostics.js';
import type { EventSubscriber } from './core/events.js';
import type { Jobs } from './core/jobs.js';
import type { Stage } from './core/pipeline.js';
import type { ModelRequest } from './core/request.js';
import type { Sessions } from './core/sessions.js';
import { createAnswerShelf } from './jobs/answer-shelf.js';
import { createJobRunner } from './jobs/job-runner.js';
import { createMemoryRunStore } from './jobs/stores/memory-run-store.js';
import { createRedisRunStore } from './jobs/stores/redis-run-store.js';
import { createProfiler } from './observability/profiler.js';
import { createRecentCalls } from './observability/recent-calls.js';
import { createSessionManager } from './sessions/session-manager.js';
import { createSessionStage } from './sessions/session-stage.js';
import { createMemorySessionStore } from './sessions/stores/memory-session-store.js';
import { createRedisSessionStore } from './sessions/stores/redis-session-store.js';
import type { RedisConnection } from './storage/redis-connection.js';
import { createSealedText } from './storage/sealed-text.js';
import { createSealer, readKey } from './storage/sealer.js';

/** What is known of calls beyond their requests: jobs, idempotency keys, sessions, traces. */
export interface CallMemory {
  readonly answers: Answers;
  readonly jobs: Jobs;
  readonly sessions: Sessions;
  readonly diagnostics: Diagnostics;
  readonly sessionStage: Stage<ModelRequest>;
  readonly subscriber: EventSubscriber;
  close(): Promise<void>;
}

export interface CallMemoryOptions extends Pick<ApplicationOptions, 'clock' | 'random' | 'logger'> {
  /** Shared by several servers; without it each remembers its own. */
  readonly redis?: RedisConnection | undefined;
  /** What lies in Redis is sealed with the first of them. */
  readonly encryptionKeys?: readonly string[];
}

export function openCallMemory(options: CallMemoryOptions): CallMemory {
  const { clock, random, logger, redis } = options;
  const runs = redis
    ? createRedisRunStore({ redis, clock, text: sealedText(options, 'jobs') })
    : createMemoryRunStore({ clock });
  const conversations = redis
    ? createRedisSessionStore({ redis, clock, text: sealedText(options, 'sessions') })
    : createMemorySessionStore({ clock });
  const jobs = createJobRunner({ store: runs, clock, random, logger });
  const sessions = createSessionManager({ store: conversations, clock, random });
  const calls = createRecentCalls({ clock });
  return {
    answers: createAnswerShelf({ clock }),
    jobs,
    sessions,
    diagnostics: { trace: calls.trace, recent: calls.recent, profile: createProfiler({ clock }) },
    sessionStage: createSessionStage(sessions),
    subscriber: calls,
    close: async () => {
      await Promise.allSettled([jobs.close(), sessions.end()]);
    },
  };
}

function sealedText({ encryptionKeys = [] }: CallMemoryOptions, purpose: string) {
  const [first, ...older] = encryptionKeys.flatMap((text) => readKey(text) ?? []);
  return createSealedText(first && createSealer([first, ...older], purpose));
}
