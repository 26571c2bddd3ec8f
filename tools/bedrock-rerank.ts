import { z } from 'zod';
import { rerankRequest } from '../src/core/retrieval.js';
import { defineTool } from '../src/server/define-tool.js';
import { usdText } from './results/money.js';
import { callResult, retrievalOf, sandboxRemark, toCallResult } from './results/retrieval.js';

const output = callResult.extend({
  results: z
    .array(z.strictObject({ index: z.int().describe('Place in `documents`.'), score: z.number() }))
    .describe('The most relevant first.'),
});

export const bedrockRerank = defineTool({
  name: 'bedrock_rerank',
  title: 'Put documents in order',
  description:
    'Put documents in the order in which they answer a query, with a rerank model on Amazon Bedrock. Use it on the ' +
    'results of a search, before you read them. Spends money: `max_cost_usd` caps it.',
  kind: 'write',
  toolset: 'retrieval',
  input: rerankRequest,
  example: { query: 'reset password', documents: ['Billing', 'Account recovery'], top_n: 1 },
  output,
  handle: async (request, service, { caller, signal, onEvent }) => {
    const options = { tool: 'bedrock_rerank', caller, signal, ...(onEvent && { onEvent }) };
    const answer = await retrievalOf(service).rerank(request, options);
    const structured = { ...toCallResult(answer), results: answer.value.map((ranked) => ({ ...ranked })) };
    const order = structured.results.map(({ index, score }) => `${index} (${score.toFixed(3)})`).join(', ');
    const cost = usdText(answer.record.cost.nanoUsd);
    const text = `Documents by relevance: ${order}. By ${structured.model}, ${cost}.${sandboxRemark(answer)}`;
    return { structured, text };
  },
});
