import type { BedrockIntegrationService } from '../../src/core/integration-service.js';
import type { ModelRequest } from '../../src/core/request.js';
import type { ToolAnswer } from '../../src/server/define-tool.js';
import { type InvocationResult, invocationText, toInvocationResult } from '../results/invocation.js';
import { shorten } from '../results/shorten.js';
import type { CallChoices, Watch } from './long-call.js';

export interface InvokeOnce {
  readonly request: ModelRequest;
  readonly choices: CallChoices;
  readonly service: BedrockIntegrationService;
  readonly watch: Watch;
}

/** Characters of the answer that progress shows. */
const tailLength = 160;

/** One call of a model and its answer, as long as the caller wants it. */
export async function invokeOnce({
  request,
  choices,
  service,
  watch,
}: InvokeOnce): Promise<ToolAnswer<InvocationResult>> {
  const { caller, signal, onEvent, inBackground } = watch;
  const { session_id: sessionId } = choices;
  const invocation = await service.invoke(request, {
    tool: 'bedrock_invoke',
    caller,
    signal,
    ...(inBackground && { priority: 'batch' as const }),
    ...(onEvent && { onEvent }),
    ...(sessionId !== undefined && { sessionId }),
    ...(choices.progress_text === true && onEvent && { onPreview: previewTo(onEvent) }),
  });
  const whole = { ...toInvocationResult(invocation), ...(sessionId !== undefined && { session_id: sessionId }) };
  const limit = choices.max_output_chars;
  if (limit === undefined || whole.text.length <= limit) {
    return { structured: whole, text: invocationText(whole, invocation.record) };
  }
  const link = service.answers.keep(whole.request_id, caller, whole.text);
  const structured = shorten(whole, limit, link);
  return { structured, text: invocationText(structured, invocation.record), links: [link] };
}

function previewTo(onEvent: NonNullable<Watch['onEvent']>): (text: string) => void {
  let tail = '';
  return (text) => {
    tail = (tail + text).slice(-tailLength);
    onEvent({ type: 'text-previewed', tail: tail.replaceAll(/\s+/g, ' ') });
  };
}
