import { z } from 'zod';
import { invocationId } from '../src/core/target.js';
import { defineTool } from '../src/server/define-tool.js';
import { previewArguments, toRequest } from './preview-arguments.js';
import { toUsd, usdText } from './results/money.js';
import { targetResult, toTargetResult } from './results/target.js';

const output = targetResult.extend({
  input_tokens: z.int(),
  max_output_tokens: z.int(),
  cost_usd: z.strictObject({ expected: z.number(), worst_case: z.number() }),
  method: z.enum(['counted', 'estimated']),
  fits_budget: z.boolean(),
  notices: z.array(z.string()),
});

export const bedrockEstimate = defineTool({
  name: 'bedrock_estimate',
  title: 'Estimate the cost of a request',
  description:
    'Estimate tokens and cost of a bedrock_invoke request without calling a model, and whether the budget still ' +
    'allows it. Use it before long or expensive requests. Takes the same arguments as bedrock_invoke.',
  kind: 'read',
  input: previewArguments.transform(toRequest),
  example: { prompt: 'Summarise this report: …', max_tokens: 500 },
  output,
  handle: async (request, service, { caller }) => {
    const estimate = await service.estimate(request, caller);
    const { target, inputTokens, maxOutputTokens, expected, worstCase, method, fitsBudget } = estimate;
    const text = [
      `${invocationId(target)} in ${target.region}: ${usdText(expected)} expected, ${usdText(worstCase)} at most`,
      `(${inputTokens} input tokens ${method}, up to ${maxOutputTokens} output tokens).`,
      fitsBudget ? 'It fits the budget.' : 'It does not fit the budget.',
      ...estimate.notices,
    ];
    const structured = {
      ...toTargetResult(target),
      input_tokens: inputTokens,
      max_output_tokens: maxOutputTokens,
      cost_usd: { expected: toUsd(expected), worst_case: toUsd(worstCase) },
      method,
      fits_budget: fitsBudget,
      notices: [...estimate.notices],
    };
    return { structured, text: text.join(' ') };
  },
});
