import { requestArguments, toModelRequest } from '../src/core/request.js';
import { defineTool } from '../src/server/define-tool.js';
import { invokeOnce } from './calls/invoke-once.js';
import { callArguments, longCall, startedJob, toCallChoices } from './calls/long-call.js';
import { invocationResult } from './results/invocation.js';

const input = requestArguments.extend(callArguments).transform((args, check) => {
  const { choices, rest } = toCallChoices(args);
  return { choices, request: toModelRequest(rest, check), given: args };
});

export const bedrockInvoke = defineTool({
  name: 'bedrock_invoke',
  title: 'Ask a Bedrock model',
  description:
    'Ask a model on Amazon Bedrock and get its answer with model, tokens and cost. Give `prompt` for one question or ' +
    '`messages` for a conversation. Leave `model` out to have the best one chosen for the task and your `optimize` ' +
    'goal; if it fails, other models are tried. Spends money: `max_cost_usd` caps it, bedrock_estimate tells it first.',
  kind: 'write',
  input,
  example: { prompt: 'Explain DNS in two sentences.', optimize: 'cost' },
  output: invocationResult,
  alternative: startedJob,
  handle: ({ choices, request, given }, service, context) =>
    longCall({ tool: 'bedrock_invoke', choices, given, service, context }, (watch) =>
      invokeOnce({ request, choices, service, watch }),
    ),
});
