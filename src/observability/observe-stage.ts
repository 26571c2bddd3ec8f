import type { Clock } from '../core/clock.js';
import { type ServiceError, toServiceError } from '../core/errors.js';
import type { FailureSummary } from '../core/events.js';
import type { Stage } from '../core/pipeline.js';
import type { ModelRequest } from '../core/request.js';

/** Records start and end of the call, whatever happens in between; only ServiceErrors leave it. */
export function createObserveStage({ clock }: { readonly clock: Clock }): Stage<ModelRequest> {
  return (next) => async (request, context) => {
    const startedAtMs = clock.monotonicMs();
    const latencyMs = () => clock.monotonicMs() - startedAtMs;
    context.record({ type: 'call-started', tool: context.tool });
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
