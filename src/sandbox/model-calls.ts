import { type Answer, composeAnswer } from './answer.js';
import { invalid, isRefusal, type Refusal, refuse } from './aws-error.js';
import type { Served } from './catalogue-rules.js';
import { converseFormat } from './converse.js';
import type { ConverseBody } from './converse-body.js';
import { countTokens } from './count-tokens.js';
import { contentTypeOf, type Delivery, pause, sendBody, start } from './delivery.js';
import type { Fault } from './faults.js';
import { type CallFacts, eventStreamType, isStreaming, type Operation } from './match.js';
import { nativeFormat } from './native/formats.js';
import { maxOutputOf, objection } from './request-rules.js';
import { withResponseFields } from './response-fields.js';
import { nowMs, type SandboxState } from './state.js';
import { sendEvents } from './stream-delivery.js';
import type { Usage } from './usage.js';
import type { Timing, WireFormat } from './wire-format.js';

export function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return invalid('Malformed input request, please reformat your input and try again.');
  }
}

/** The format of an operation for a model, or why there is none. */
function formatFor(operation: Operation, { model }: Served): WireFormat | Refusal {
  const converse = operation === 'Converse' || operation === 'ConverseStream';
  if (converse && !model.converse) {
    return invalid(
      "This action doesn't support the model that you provided. Try again with a supported text or chat model.",
    );
  }
  const format = converse ? converseFormat : nativeFormat(model);
  if (!format) return invalid('The sandbox does not know the native format of this model.');
  if (!isStreaming(operation)) return format;
  const streams = format.stream && (!converse || model.converseStream);
  return streams ? format : invalid('The model is unsupported for streaming.');
}

/** A usage with what the fault wants in it. That it may be no usage any more is the point. */
function spoil(answer: Answer, fault: Fault | undefined): Answer {
  if (fault?.kind !== 'bad-usage') return answer;
  const merged = Object.entries({ ...answer.usage, ...fault.usage }).filter(([, value]) => value !== null);
  return { ...answer, usage: Object.fromEntries(merged) as unknown as Usage };
}

/** The answer of the pretended model, with its tokens booked against the limits. */
function answerFor(state: SandboxState, facts: CallFacts, served: Served, body: ConverseBody): Answer | Refusal {
  const { model } = served;
  const native = !facts.operation.startsWith('Converse');
  const refusal = objection({ model, body, streaming: isStreaming(facts.operation), native });
  if (refusal) return refusal;
  const now = nowMs(state);
  const maxTokens = body.inferenceConfig.maxTokens ?? maxOutputOf(model);
  const input = state.promptCache.account(model.id, body, model.promptCaching?.minTokens ?? 0, now);
  const inputTotal = input.inputTokens + input.cacheReadInputTokens + input.cacheWriteInputTokens;
  const reservation = state.limits.reserve(facts, inputTotal + maxTokens, now);
  if (isRefusal(reservation)) return reservation;
  const answer = composeAnswer({ served, body, input, maxTokens, reply: state.replies.take(facts) });
  reservation.settle(input.inputTokens + input.cacheWriteInputTokens + answer.usage.outputTokens);
  return withResponseFields(answer, served, body);
}

/** Counts as the headers that InvokeModel has beside its body. */
function countHeaders(usage: Usage, latencyMs: number): Record<string, string> {
  const counts: Record<string, number> = {
    'input-token-count': usage.inputTokens,
    'output-token-count': usage.outputTokens,
    'invocation-latency': latencyMs,
    ...(usage.cacheReadInputTokens > 0 ? { 'cache-read-input-token-count': usage.cacheReadInputTokens } : {}),
    ...(usage.cacheWriteInputTokens > 0 ? { 'cache-write-input-token-count': usage.cacheWriteInputTokens } : {}),
  };
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [`x-amzn-bedrock-${name}`, String(count)]));
}

function stopwatch({ clock }: Delivery, latencyOfFirst: number): () => Timing {
  const startedMs = clock.monotonicMs();
  return () => {
    const latencyMs = Math.max(1, Math.round(clock.monotonicMs() - startedMs));
    return { latencyMs, firstByteMs: Math.min(latencyMs, Math.max(1, latencyOfFirst)) };
  };
}

async function sendStream(delivery: Delivery, format: WireFormat, answer: Answer, served: Served): Promise<void> {
  const timing = stopwatch(delivery, delivery.latency.firstTokenMs);
  const native = delivery.call.operation === 'InvokeModelWithResponseStream';
  await pause(delivery, delivery.latency.firstTokenMs);
  start(delivery, 200, {
    'content-type': contentTypeOf(delivery, eventStreamType),
    ...(native ? { 'x-amzn-bedrock-content-type': 'application/json' } : {}),
  });
  await sendEvents(delivery, format.stream?.(answer, served, timing) ?? []);
}

async function sendWhole(delivery: Delivery, format: WireFormat, answer: Answer, served: Served): Promise<void> {
  const { firstTokenMs, tokensPerSecond } = delivery.latency;
  const timing = stopwatch(delivery, firstTokenMs);
  const writingMs = tokensPerSecond > 0 ? (answer.usage.outputTokens * 1_000) / tokensPerSecond : 0;
  await pause(delivery, firstTokenMs + writingMs);
  const done = timing();
  const headers = delivery.call.operation === 'InvokeModel' ? countHeaders(answer.usage, done.latencyMs) : {};
  await sendBody(delivery, 200, headers, Buffer.from(JSON.stringify(format.encode(answer, served, done))));
}

/** Serves one call of the runtime API. Answers the refusal that is to be sent, or nothing when all is sent. */
export async function serveModelCall(
  state: SandboxState,
  facts: CallFacts,
  body: Buffer,
  delivery: Delivery,
): Promise<Refusal | undefined> {
  const counts = facts.operation === 'CountTokens';
  const resolve = counts ? state.names.resolve : state.names.resolveToInvoke;
  const served = resolve(facts.requestedId ?? '', facts.region, nowMs(state));
  if (isRefusal(served)) return served;
  if (state.access.of(served.model.id)?.access === 'denied') return refuse('AccessDeniedException');
  const json = readJson(body);
  if (isRefusal(json)) return json;
  if (counts) {
    const count = countTokens(served, json);
    if (isRefusal(count)) return count;
    await sendBody(delivery, 200, {}, Buffer.from(JSON.stringify(count)));
    return undefined;
  }
  const format = formatFor(facts.operation, served);
  if (isRefusal(format)) return format;
  const decoded = format.decode(json);
  if (isRefusal(decoded)) return decoded;
  const answer = answerFor(state, facts, served, decoded);
  if (isRefusal(answer)) return answer;
  delivery.call.usage = answer.usage;
  const deliver = isStreaming(facts.operation) ? sendStream : sendWhole;
  await deliver(delivery, format, spoil(answer, delivery.fault), served);
  return undefined;
}
