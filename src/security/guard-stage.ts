import { createBoundedQueue } from '../core/bounded-queue.js';
import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import { checkAttachments } from './attachments.js';
import { checkSizeAndText } from './request-size.js';
import { createToolSchemaChecker } from './tool-schemas.js';

export interface GuardOptions {
  readonly maxRequestBytes: number;
  readonly maxConcurrentRequests: number;
  /** Calls that may wait for a place; default: ten times the concurrent ones. */
  readonly maxQueued?: number;
  readonly clock: Clock;
}

const queuedPerPlace = 10;
/** A wait must leave time for the answer. */
const answerTimeMs = 50;
const remedy = 'Wait for retry_after_ms and call again.';

/**
 * Refuses what breaks a limit before it costs anything, and bounds how many calls run at once.
 * @throws ServiceError validation (with the limit), rate_limit (reason `overloaded`), or the abort of a waiting call.
 */
export function createGuardStage(options: GuardOptions): Stage<ModelRequest> {
  const { maxRequestBytes, maxConcurrentRequests, clock } = options;
  const maxQueued = options.maxQueued ?? maxConcurrentRequests * queuedPerPlace;
  const queue = createBoundedQueue({ limit: maxConcurrentRequests, maxQueued, clock, refusal });
  function refusal(retryAfterMs: number): ServiceError {
    const message = `The server is at its limit of ${maxConcurrentRequests} concurrent calls and no place is free in time.`;
    return new ServiceError('rate_limit', message, { reason: 'overloaded', retryAfterMs, remedy });
  }
  const schemas = createToolSchemaChecker();
  return (next) => async (request, context) => {
    checkSizeAndText(request, maxRequestBytes);
    checkAttachments(request.messages);
    if (request.tools) await schemas.check(request.tools);
    if (request.response_schema) await schemas.checkAnswerSchema(request.response_schema);
    const { signal, priority = 'interactive' } = context;
    const patienceMs = context.deadlineMs - clock.monotonicMs() - answerTimeMs;
    const leave = await queue.enter({ signal, patienceMs, priority });
    try {
      return await next(request, context);
    } finally {
      leave();
    }
  };
}
