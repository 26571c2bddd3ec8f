import type { CallEvent } from '../../src/core/events.js';
import { attemptBudget, type CallContext } from '../../src/core/pipeline.js';

/** A context as the service makes it; `events` collects what the call records. */
export function callContext(overrides: Partial<CallContext> = {}): CallContext & { events: CallEvent[] } {
  const events: CallEvent[] = [];
  return {
    requestId: 'request-1',
    tool: 'bedrock_invoke',
    caller: { id: 'tester', tenant: 'tester' },
    signal: new AbortController().signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    attempts: attemptBudget(10),
    record: (event) => events.push(event),
    events,
    ...overrides,
  };
}
