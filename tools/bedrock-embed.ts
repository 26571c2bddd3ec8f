import { z } from 'zod';
import { embedRequest } from '../src/core/retrieval.js';
import { defineTool } from '../src/server/define-tool.js';
import { usdText } from './results/money.js';
import { callResult, retrievalOf, sandboxRemark, toCallResult } from './results/retrieval.js';

const output = callResult.extend({
  vectors: z.array(z.array(z.number())).describe('One for each text, in their order.'),
  dimensions: z.int(),
});

export const bedrockEmbed = defineTool({
  name: 'bedrock_embed',
  title: 'Turn texts into vectors',
  description:
    'Turn texts into vectors with an embedding model on Amazon Bedrock, for search by meaning. Embed documents and ' +
    'queries with the same model. Spends money, little: `max_cost_usd` caps it.',
  kind: 'write',
  toolset: 'retrieval',
  input: embedRequest,
  example: { texts: ['How do I reset my password?'], input_type: 'query' },
  output,
  handle: async (request, service, { caller, signal, onEvent }) => {
    const options = { tool: 'bedrock_embed', caller, signal, ...(onEvent && { onEvent }) };
    const answer = await retrievalOf(service).embed(request, options);
    const vectors = answer.value.map((vector) => [...vector]);
    const dimensions = vectors[0]?.length ?? 0;
    const structured = { ...toCallResult(answer), vectors, dimensions };
    const { cost } = answer.record;
    const text =
      `${vectors.length} vectors of ${dimensions} dimensions by ${structured.model}, in \`vectors\` of the structured ` +
      `result; ${structured.usage.input_tokens} tokens, ${usdText(cost.nanoUsd)}.${sandboxRemark(answer)}`;
    return { structured, text };
  },
});
