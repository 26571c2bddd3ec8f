import { toServiceError } from '../core/errors.js';
import type { ContentBlock, Message, ModelRequest } from '../core/request.js';
import type { ModelResponse } from '../core/response.js';
import type { TextGuard } from '../core/text-guard.js';

/* The operator's guardrail around the local model, which has none of its own. */

/** The plain-text request as it may go on; undefined when it could not be looked at. @throws ServiceError content_filtered */
export async function screenedRequest(
  guard: TextGuard | undefined,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelRequest | undefined> {
  if (guard === undefined) return request;
  const { system = '', messages } = request;
  const texts = [system, ...messages.map(({ content }) => textOf(content))];
  const [screenedSystem = '', ...rest] = (await checked(guard, texts, 'INPUT', signal)) ?? [];
  if (rest.length !== messages.length) return undefined;
  const screened = messages.map((message, index): Message => ({ ...message, content: rest[index] ?? '' }));
  return { ...request, ...(screenedSystem !== '' && { system: screenedSystem }), messages: screened };
}

/** The same for what the model says. */
export async function screenedResponse(
  guard: TextGuard | undefined,
  response: ModelResponse,
  signal: AbortSignal,
): Promise<ModelResponse | undefined> {
  if (guard === undefined) return response;
  const text = textOf(response.content);
  const [screened] = (await checked(guard, [text], 'OUTPUT', signal)) ?? [];
  if (screened === undefined || screened === text) return screened === undefined ? undefined : response;
  const notices = [...response.notices, 'The guardrail masked parts of the answer.'];
  return { ...response, content: [{ type: 'text', text: screened }], notices };
}

async function checked(guard: TextGuard, texts: readonly string[], source: 'INPUT' | 'OUTPUT', signal: AbortSignal) {
  try {
    return await guard.check(texts, source, signal);
  } catch (thrown) {
    const error = toServiceError(thrown);
    if (error.category === 'content_filtered' || signal.aborted) throw error;
    return undefined;
  }
}

function textOf(content: string | readonly ContentBlock[]): string {
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
}
