import { z } from 'zod';
import type { CacheHit } from '../../src/core/events.js';
import type { Invocation } from '../../src/core/integration-service.js';
import type { ContentBlock } from '../../src/core/request.js';
import { answerSources, responseText, stopReasons } from '../../src/core/response.js';
import { attemptResult, toAttemptResult } from '../../src/server/define-tool.js';
import { toUsd, usdText } from './money.js';
import { toRoutingResult } from './routing.js';
import { toUsageResult, usageResult } from './usage.js';

/** The answer of one call of a model, as bedrock_invoke gives it. */
export const invocationResult = z.strictObject({
  text: z.string(),
  content: z.array(z.looseObject({ type: z.string() })).describe('The answer as blocks, usable in `messages`.'),
  tool_calls: z.array(z.strictObject({ id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) })),
  structured: z.record(z.string(), z.unknown()).optional().describe('The answer, when it fits `response_schema`.'),
  additional_model_response_fields: z.record(z.string(), z.unknown()).optional(),
  stop_reason: z.enum(stopReasons),
  model: z.strictObject({
    requested: z.string().optional(),
    used: z.string(),
    provider: z.string(),
    region: z.string(),
    profile: z.string().optional(),
  }),
  usage: usageResult,
  cost_usd: z.number().describe('Over all attempts.'),
  latency_ms: z.number(),
  time_to_first_token_ms: z.number().optional(),
  source: z.enum(answerSources),
  cache: z.strictObject({
    hit: z.boolean(),
    tier: z.string().optional(),
    age_seconds: z.number().optional(),
    stale: z.string().optional(),
    refreshing: z.boolean().optional(),
  }),
  attempts: z.array(attemptResult),
  routing: z.looseObject({}).optional().describe('The decision, as bedrock_route tells it.'),
  notices: z.array(z.string()),
  request_id: z.string(),
  session_id: z.string().optional(),
});
export type InvocationResult = z.input<typeof invocationResult>;

function toolCalls(content: readonly ContentBlock[]): InvocationResult['tool_calls'] {
  return content.flatMap((block) =>
    block.type === 'tool_use' ? [{ id: block.id, name: block.name, input: block.input }] : [],
  );
}

function toModelResult({ response, record }: Invocation): InvocationResult['model'] {
  const { model, region, profile } = response.served;
  const requested = record.decision?.requestedModel;
  return {
    ...(requested !== undefined && { requested }),
    used: model,
    // A base model id starts with its provider's name.
    provider: model.split('.', 1)[0] ?? model,
    region,
    ...(profile && { profile }),
  };
}

function toCacheResult(hit: CacheHit | undefined): InvocationResult['cache'] {
  if (!hit) return { hit: false };
  const { tier, ageMs, stale, refreshing } = hit;
  return {
    hit: true,
    tier,
    ...(ageMs !== undefined && { age_seconds: Math.round(ageMs / 1_000) }),
    ...(stale && { stale }),
    ...(refreshing && { refreshing }),
  };
}

export function toInvocationResult(invocation: Invocation): InvocationResult {
  const { response, record } = invocation;
  return {
    text: responseText(response.content),
    content: [...response.content],
    tool_calls: toolCalls(response.content),
    ...(response.structured && { structured: response.structured }),
    ...(response.additionalFields && { additional_model_response_fields: response.additionalFields }),
    stop_reason: response.stopReason,
    model: toModelResult(invocation),
    usage: toUsageResult(response.usage),
    cost_usd: toUsd(record.cost.nanoUsd),
    latency_ms: Math.round(record.latencyMs ?? 0),
    ...(response.timeToFirstTokenMs !== undefined && {
      time_to_first_token_ms: Math.round(response.timeToFirstTokenMs),
    }),
    source: response.source,
    cache: toCacheResult(record.cacheHit),
    attempts: record.attempts.map(toAttemptResult),
    ...(record.decision && { routing: toRoutingResult(record.decision) }),
    notices: [...response.notices],
    request_id: record.requestId,
  };
}

const sourceRemarks = {
  bedrock: '',
  cache: 'from the cache',
  local: 'from the local model, not from Bedrock',
  sandbox: 'SANDBOX: made by the stand-in, not by a model',
} as const;

/** Everything beside the answer itself, in one line. */
function footer(result: InvocationResult, costText: string): string {
  const { model, usage, stop_reason } = result;
  const parts = [
    `${model.profile ?? model.used} in ${model.region}`,
    costText,
    `${usage.input_tokens} in + ${usage.output_tokens} out tokens`,
    `${result.latency_ms} ms`,
    ...(stop_reason === 'end_turn' ? [] : [`stopped by ${stop_reason}`]),
    sourceRemarks[result.source],
    ...result.notices,
    `request ${result.request_id}`,
  ];
  return `[${parts.filter(Boolean).join(' · ')}]`;
}

/**
 * The answer between tags that the model which wrote it could not know, so that its reader takes it for data, whatever
 * it says; then one line about the call.
 */
export function invocationText(result: InvocationResult, { cost }: Invocation['record']): string {
  const calls = result.tool_calls.map((call) => `tool call ${call.name} (${call.id}): ${JSON.stringify(call.input)}`);
  const said = [result.text, ...calls].filter(Boolean).join('\n\n');
  const tag = `answer-${result.request_id.slice(0, 8)}`;
  const costText = `${cost.estimated ? 'about ' : ''}${usdText(cost.nanoUsd)}`;
  return `<${tag}>\n${said}\n</${tag}>\n\n${footer(result, costText)}`;
}
