import type { ConverseStreamCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { invocationId } from '../core/target.js';
import { encodeMessages, hasToolBlocks } from './message-encoding.js';
import { sampling } from './sampling-rules.js';
import { encodeTools } from './tool-config.js';

export interface ConverseRequest {
  /** Good for Converse and ConverseStream alike. */
  readonly input: ConverseStreamCommandInput;
  /** One for each thing that was changed or left out on the way. */
  readonly notices: readonly string[];
}

/**
 * The request as Converse takes it. `model` is the catalogue's row; without one everything is assumed to be supported.
 * @throws ServiceError validation when the model cannot do what is asked.
 */
export function encodeConverseRequest(request: RoutedRequest, model: Model | undefined): ConverseRequest {
  const tools = encodeTools(request, model, hasToolBlocks(request.messages));
  const system = request.system?.trim() ? request.system : undefined;
  const inTurn = system !== undefined && model?.system === false;
  const conversation = encodeMessages(request.messages, {
    withTools: tools.toolConfig !== undefined,
    ...(inTurn && { systemText: system }),
  });
  const { notices, extraFields, ...sampled } = sampling(request, request.target);
  const limit = limitTokens(request, model);
  return {
    input: {
      modelId: invocationId(request.target),
      messages: conversation.messages,
      inferenceConfig: { maxTokens: limit.maxTokens, ...sampled },
      ...(system !== undefined && !inTurn && { system: [{ text: system }] }),
      ...(tools.toolConfig && { toolConfig: tools.toolConfig }),
      ...(extraFields && { additionalModelRequestFields: { ...extraFields } }),
    },
    notices: [...limit.notices, ...notices, ...tools.notices, ...conversation.notices],
  };
}

function limitTokens({ max_tokens, target }: RoutedRequest, model: Model | undefined) {
  const most = model?.maxOutput;
  if (most === undefined || max_tokens <= most) return { maxTokens: max_tokens, notices: [] };
  return { maxTokens: most, notices: [`\`max_tokens\` was lowered to ${most}, the most that ${target.model} gives.`] };
}
