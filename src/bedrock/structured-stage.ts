import { ServiceError } from '../core/errors.js';
import type { CallContext, Handler, Stage } from '../core/pipeline.js';
import type { RoutedRequest } from '../core/request.js';
import { type ModelResponse, responseText, type StopReason } from '../core/response.js';
import { answerCheck } from './answer-schema.js';

/** An answer that ended like this is whole; another is cut or blocked, and no repair would mend it. */
const completeStops: readonly StopReason[] = ['end_turn', 'stop_sequence', 'unknown'];

type Value = Readonly<Record<string, unknown>>;
/** Either a value or what is wrong with the text. */
type Verdict =
  | { readonly value: Value; readonly problem?: never }
  | { readonly value?: never; readonly problem: string };

/**
 * Checks answers against `response_schema`. One that does not fit is sent back to the model once, with what is wrong; the
 * repair is an attempt of its own, with its own reservation.
 * @throws ServiceError model_error, invalid_answer, with the text in `partialText`, so that another model may be asked.
 */
export function createStructuredStage(): Stage<RoutedRequest> {
  return (next) => async (request, context) => {
    if (request.response_schema === undefined) return next(request, context);
    return checked(next, request, context, request.response_schema);
  };
}

async function checked(
  next: Handler<RoutedRequest>,
  request: RoutedRequest,
  { onText: _, ...context }: CallContext,
  schema: Value,
): Promise<ModelResponse> {
  // Text is not handed on: what is shown cannot be taken back when it turns out not to fit.
  const check = await answerCheck(schema);
  const judge = (text: string): Verdict => {
    const value = jsonObject(text);
    if (value === undefined) return { problem: 'is not a JSON object' };
    const problem = check(value);
    return problem === undefined ? { value } : { problem };
  };
  const first = await next(request, context);
  // A request for tools is not yet the answer.
  if (first.stopReason === 'tool_use') return first;
  const text = responseText(first.content);
  const verdict = judge(text);
  if (verdict.value) return structured(first, verdict.value);
  if (!completeStops.includes(first.stopReason)) throw cutOff(request, first.stopReason, text);
  const repaired = await repair(next, repairRequest(request, first, verdict.problem), context);
  const again = repaired && judge(responseText(repaired.content));
  if (repaired && again?.value) {
    return structured({ ...repaired, notices: [...repaired.notices, 'The first answer did not fit.'] }, again.value);
  }
  throw unfit(request, again?.problem ?? verdict.problem, repaired ? responseText(repaired.content) : text);
}

const structured = (response: ModelResponse, value: Value): ModelResponse => ({ ...response, structured: value });

/** A repair that fails leaves the caller with the first answer's problem, which tells more. */
async function repair(
  next: Handler<RoutedRequest>,
  request: RoutedRequest,
  context: CallContext,
): Promise<ModelResponse | undefined> {
  try {
    return await next(request, context);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return undefined;
  }
}

function repairRequest(request: RoutedRequest, first: ModelResponse, problem: string): RoutedRequest {
  const text = responseText(first.content).trim() || '(nothing)';
  return {
    ...request,
    messages: [
      ...request.messages,
      { role: 'assistant', content: text },
      {
        role: 'user',
        content: `Your answer ${problem}. Give the whole answer again as one JSON object that fits the schema, and nothing else.`,
      },
    ],
  };
}

/** The JSON object in an answer, with or without a code fence or words around it. */
function jsonObject(text: string): Value | undefined {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start < 0 || end < start) return undefined;
  try {
    return JSON.parse(text.slice(start, end + 1)) as Value;
  } catch {
    return undefined;
  }
}

function cutOff(request: RoutedRequest, stopReason: StopReason, text: string): ServiceError {
  const tooShort = stopReason === 'max_tokens';
  const blocked = stopReason === 'content_filtered' || stopReason === 'guardrail_intervened';
  const message = `The answer ended by ${stopReason} before it was the JSON object that \`response_schema\` asks for.`;
  return new ServiceError(blocked ? 'content_filtered' : 'model_error', message, {
    reason: blocked ? 'guardrail' : 'invalid_answer',
    ...(tooShort && { remedy: 'Raise `max_tokens` or ask for less.' }),
    target: request.target,
    ...(text !== '' && { partialText: text }),
  });
}

function unfit(request: RoutedRequest, problem: string, text: string): ServiceError {
  return new ServiceError('model_error', `The answer of ${request.target.model} ${problem}, even when asked again.`, {
    reason: 'invalid_answer',
    remedy: 'Simplify `response_schema`, say more exactly what is wanted, or ask for a stronger model.',
    target: request.target,
    ...(text !== '' && { partialText: text }),
  });
}
