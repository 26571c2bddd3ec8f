import type { Clock } from '../core/clock.js';
import type { Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';
import { checkAttachments } from './attachments.js';
import { createConcurrencyGate } from './concurrency-gate.js';
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

/**
 * Refuses what breaks a limit before it costs anything, and bounds how many calls run at once.
 * @throws ServiceError validation (with the limit), rate_limit (reason `overloaded`), or the abort of a waiting call.
 */
export function createGuardStage(options: GuardOptions): Stage<ModelRequest> {
  const { maxRequestBytes, maxConcurrentRequests, clock } = options;
  const maxQueued = options.maxQueued ?? maxConcurrentRequests * queuedPerPlace;
  const gate = createConcurrencyGate({ limit: maxConcurrentRequests, maxQueued, clock });
  const schemas = createToolSchemaChecker();
  return (next) => async (request, context) => {
    checkSizeAndText(request, maxRequestBytes);
    checkAttachments(request.messages);
    if (request.tools) await schemas.check(request.tools);
    if (request.response_schema) await schemas.checkAnswerSchema(request.response_schema);
    const leave = await gate.enter(context);
    try {
      return await next(request, context);
    } finally {
      leave();
    }
  };
}
