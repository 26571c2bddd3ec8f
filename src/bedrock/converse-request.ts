import type { ConverseStreamCommandInput } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { invocationId } from '../core/target.js';
import { type Guardrail, guardrailConfig } from './guardrails.js';
import { encodeMessages, hasToolBlocks } from './message-encoding.js';
import { ownFields } from './own-fields.js';
import { type PromptCaching, withCachePoints } from './prompt-caching.js';
import { obeyConversationRules } from './quirks/conversation.js';
import { rulesOf } from './quirks/model-rules.js';
import { planReasoning } from './reasoning.js';
import { replayProblem } from './reasoning-replay.js';
import { sampling } from './sampling-rules.js';
import { serviceFields } from './service-fields.js';
import { planStructure } from './structured-output.js';
import { encodeTools } from './tool-config.js';
import { type ToolNames, toolNames } from './tool-names.js';

/** What the operator has set for all calls. */
export interface ConverseFeatures {
  readonly promptCaching: PromptCaching;
  readonly guardrail?: Guardrail;
}

type Document = NonNullable<ConverseStreamCommandInput['additionalModelRequestFields']>;

const noFeatures: ConverseFeatures = { promptCaching: 'off' };

/** What has to be undone in the answer. */
export interface AnswerDecoding {
  readonly names: Pick<ToolNames, 'fromWire'>;
  /** The tool whose input is the answer itself. */
  readonly answerTool?: string;
}

export interface ConverseRequest {
  /** Good for Converse and ConverseStream alike. */
  readonly input: ConverseStreamCommandInput;
  /** One for each thing that was changed or left out on the way. */
  readonly notices: readonly string[];
  readonly decoding: AnswerDecoding;
  /** True when the model was told to think, which it may do in silence. */
  readonly thinks: boolean;
}

/**
 * The request as Converse takes it. `model` is the catalogue's row; without one everything is assumed to be supported.
 * @throws ServiceError validation when the model cannot do what is asked.
 */
export function encodeConverseRequest(
  given: RoutedRequest,
  model: Model | undefined,
  features: ConverseFeatures = noFeatures,
): ConverseRequest {
  const reasoning = planReasoning(given, model);
  const { request, ...structure } = planStructure(reasoning.request, model, reasoning.freeChoice);
  const names = toolNames(request);
  const tools = encodeTools(onWire(request, names), model, hasToolBlocks(request.messages));
  const system = request.system?.trim() ? request.system : undefined;
  const inTurn = system !== undefined && model?.system === false;
  const conversation = encodeMessages(request.messages, {
    withTools: given.tools !== undefined && tools.toolConfig !== undefined,
    names,
    reasoningProblem: (block) => replayProblem(block, given.target.model, model),
    ...(inTurn && { systemText: system }),
  });
  const obeyed = obeyConversationRules(conversation.messages, rulesOf(given.target.model));
  const { notices, extraFields, ...sampled } = sampling(request, request.target);
  const limit = limitTokens(request, model);
  const own = ownFields(given, { ...extraFields, ...reasoning.fields });
  const service = serviceFields(given, model);
  const input: ConverseStreamCommandInput = {
    modelId: invocationId(request.target),
    messages: obeyed.messages,
    inferenceConfig: { maxTokens: limit.maxTokens, ...sampled },
    ...(system !== undefined && !inTurn && { system: [{ text: system }] }),
    ...(tools.toolConfig && { toolConfig: tools.toolConfig }),
    ...(structure.outputConfig && { outputConfig: structure.outputConfig }),
    ...(own.fields && { additionalModelRequestFields: own.fields as Document }),
    ...(features.guardrail && { guardrailConfig: guardrailConfig(features.guardrail) }),
    ...service.input,
  };
  return {
    input: withCachePoints(input, request, model, features.promptCaching),
    notices: [
      ...limit.notices,
      ...reasoning.notices,
      ...notices,
      ...own.notices,
      ...service.notices,
      ...tools.notices,
      ...conversation.notices,
      ...obeyed.notices,
    ],
    decoding: { names, ...(structure.answerTool !== undefined && { answerTool: structure.answerTool }) },
    thinks: reasoning.fields !== undefined || own.thinks,
  };
}

function onWire(request: RoutedRequest, names: ToolNames): RoutedRequest {
  const { tools, tool_choice: choice } = request;
  return {
    ...request,
    ...(tools && { tools: tools.map((tool) => ({ ...tool, name: names.toWire(tool.name) })) }),
    ...(choice !== undefined && { tool_choice: names.toWire(choice) }),
  };
}

function limitTokens({ max_tokens, target }: RoutedRequest, model: Model | undefined) {
  const most = model?.maxOutput;
  if (most === undefined || max_tokens <= most) return { maxTokens: max_tokens, notices: [] };
  return { maxTokens: most, notices: [`\`max_tokens\` was lowered to ${most}, the most that ${target.model} gives.`] };
}
