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
import { createProfiler } from './observability/profiler.js';
import { createRecentCalls } from './observability/recent-calls.js';
import { createSessionManager } from './sessions/session-manager.js';
import { createSessionStage } from './sessions/session-stage.js';
import { createMemorySessionStore } from './sessions/stores/memory-session-store.js';

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

type CallMemoryOptions = Pick<ApplicationOptions, 'clock' | 'random' | 'logger'>;

export function openCallMemory({ clock, random, logger }: CallMemoryOptions): CallMemory {
  const jobs = createJobRunner({ store: createMemoryRunStore({ clock }), clock, random, logger });
  const sessions = createSessionManager({ store: createMemorySessionStore({ clock }), clock, random });
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
