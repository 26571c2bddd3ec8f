import type { Clock } from '../core/clock.js';
import { type ServiceError, toServiceError } from '../core/errors.js';
import type { FailureSummary } from '../core/events.js';
import type { Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';

export interface ObserveOptions {
  readonly clock: Clock;
  /** The tool that makes the call. The stage holds no state, so it may be made for each call. */
  readonly tool: string;
}

/** Records start and end of the call, whatever happens in between; only ServiceErrors leave it. */
export function createObserveStage({ clock, tool }: ObserveOptions): Stage<ModelRequest> {
  return (next) => async (request, context) => {
    const startedAtMs = clock.monotonicMs();
    const latencyMs = () => clock.monotonicMs() - startedAtMs;
    context.record({ type: 'call-started', tool });
    try {
      const response = await next(request, context);
      context.record({ type: 'call-succeeded', response, latencyMs: latencyMs() });
      return response;
    } catch (thrown) {
      const error = toServiceError(thrown);
      context.record({ type: 'call-failed', failure: summaryOf(error), latencyMs: latencyMs() });
      throw error;
    }
  };
}

function summaryOf({ category, reason, message }: ServiceError): FailureSummary {
  return { category, message, ...(reason && { reason }) };
}
