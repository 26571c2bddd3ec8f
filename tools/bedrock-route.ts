import { z } from 'zod';
import type { Candidate, RoutingDecision } from '../src/core/routing.js';
import { invocationId } from '../src/core/target.js';
import { defineTool } from '../src/server/define-tool.js';
import { previewArguments, toRequest } from './preview-arguments.js';
import { usdText } from './results/money.js';
import { routingResult, toRoutingResult } from './results/routing.js';

const input = previewArguments
  .extend({ explain: z.boolean().optional().describe('Also tell which models were left out, and why.') })
  .transform(({ explain = false, ...rest }, check) => ({ explain, request: toRequest(rest, check) }));

const output = routingResult.extend({
  input_tokens: z.int(),
  max_tokens: z.int(),
  excluded: z.array(z.strictObject({ model: z.string(), reason: z.string() })).optional(),
});

function partsText({ parts }: Candidate): string {
  const { quality, ...taken } = parts;
  const named = (['cost', 'latency', 'failure'] as const).filter((part) => taken[part] >= 0.005);
  return [`quality ${quality.toFixed(2)}`, ...named.map((part) => `${part} −${taken[part].toFixed(2)}`)].join(', ');
}

function toText(decision: RoutingDecision, explain: boolean): string {
  const { task, complexity, confidence, candidates } = decision;
  const head = `${task} (${Math.round(confidence * 100)} % sure), ${complexity.level}, optimised for ${decision.optimize}.`;
  const rows = candidates.map((candidate) => {
    const cost = candidate.estimatedCost === undefined ? 'price unknown' : `about ${usdText(candidate.estimatedCost)}`;
    const state = candidate.healthy ? '' : ', not healthy';
    const where = `${invocationId(candidate.target)} in ${candidate.target.region}`;
    return `${candidate.rank}. ${where}: ${cost}${state}; ${partsText(candidate)}; ${candidate.reasons.join(', ')}`;
  });
  const none = candidates.length === 0 ? ['No model can take this request.'] : [];
  const others = Object.entries(decision.alternatives).map(([goal, model]) => `${goal}: ${model}`);
  const instead = explain && others.length > 0 ? [`first choice by goal: ${others.join(', ')}`] : [];
  const excluded = explain ? decision.excluded.map(({ model, reason }) => `left out ${model}: ${reason}`) : [];
  return [head, ...decision.reasons, ...rows, ...none, ...decision.notices, ...instead, ...excluded].join('\n');
}

export const bedrockRoute = defineTool({
  name: 'bedrock_route',
  title: 'Preview the choice of model',
  description:
    'Tell which model bedrock_invoke would use for a request, what it would fall back to, and why. Calls no model and ' +
    'costs nothing. Use it to compare models or `optimize` goals before you ask.',
  kind: 'read',
  input,
  example: { prompt: 'Write a quicksort in Go.', explain: true },
  output,
  handle: async ({ explain, request }, service, { caller }) => {
    const decision = await service.route(request, caller);
    const structured = {
      ...toRoutingResult(decision),
      input_tokens: decision.inputTokens,
      max_tokens: decision.maxTokens,
      ...(explain && { excluded: decision.excluded.map(({ model, reason }) => ({ model, reason })) }),
    };
    return { structured, text: toText(decision, explain) };
  },
});
