import { toServiceError } from '../core/errors.js';
import type { CallContext, Stage } from '../core/pipeline.js';
import type { Message, ModelRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { Sessions } from '../core/sessions.js';

/**
 * Continues the session that a call names: what was said before goes before the request, and the request with its
 * answer is added to it. An answer that cannot be added is given all the same, with a notice.
 */
export function createSessionStage(sessions: Sessions): Stage<ModelRequest> {
  return (next) => async (request, context) => {
    const { sessionId, caller } = context;
    if (sessionId === undefined) return next(request, context);
    const { messages: before, system } = await sessions.get(sessionId, caller);
    const { messages } = request;
    const response = await next(
      {
        ...request,
        ...(request.system === undefined && system !== undefined && { system }),
        messages: [...before, ...messages],
      },
      context,
    );
    return {
      ...response,
      notices: [...response.notices, ...(await keep(sessions, sessionId, { messages, response, context }))],
    };
  };
}

interface Exchange {
  readonly messages: readonly Message[];
  readonly response: ModelResponse;
  readonly context: CallContext;
}

/** Adds the exchange; gives a notice where that failed. */
async function keep(sessions: Sessions, id: string, { messages, response, context }: Exchange): Promise<string[]> {
  if (response.content.length === 0) return ['The answer is empty, so nothing was added to the session.'];
  try {
    await sessions.append(id, [...messages, { role: 'assistant', content: [...response.content] }], context.caller);
    return [];
  } catch (error) {
    return [`The answer was not added to the session: ${toServiceError(error).message}`];
  }
}
