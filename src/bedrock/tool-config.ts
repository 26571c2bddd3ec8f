import type { ToolChoice, ToolConfiguration } from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { Model } from '../core/model.js';
import type { RoutedRequest, ToolSpec } from '../core/request.js';

type ChoiceKind = 'auto' | 'any' | 'tool';

/** Families that cannot be made to use a tool, or not a certain one. All others take every choice. */
const choicesOfFamily: Readonly<Record<string, readonly ChoiceKind[]>> = {
  llama3: ['auto'],
  llama4: ['auto'],
  palmyra: ['auto'],
  mistral: ['auto', 'any'],
  pixtral: ['auto', 'any'],
  voxtral: ['auto', 'any'],
};

const choicesOf = (model: Model | undefined): readonly ChoiceKind[] =>
  choicesOfFamily[model?.family ?? ''] ?? ['auto', 'any', 'tool'];

/** Whether the model is known to use tools and can be made to. */
export const canForceTool = (model: Model | undefined): boolean =>
  model?.tools === true && choicesOf(model).some((kind) => kind !== 'auto');

type SchemaDocument = NonNullable<
  NonNullable<NonNullable<ToolConfiguration['tools']>[number]['toolSpec']>['inputSchema']
>;

export interface EncodedTools {
  readonly toolConfig?: ToolConfiguration;
  readonly notices: readonly string[];
}

/**
 * The tools as Converse wants them. There is no choice `none`: the tools are left out, unless the conversation holds
 * tool calls, which Bedrock accepts only together with the tools.
 * @throws ServiceError validation, not_supported, when the model knows no tools.
 */
export function encodeTools(request: RoutedRequest, model: Model | undefined, historyHasTools: boolean): EncodedTools {
  const { tools, tool_choice: choice } = request;
  if (!tools || (choice === 'none' && !historyHasTools)) return { notices: [] };
  if (model?.tools === false) throw noTools(request);
  if (choice === undefined) return { toolConfig: { tools: tools.map(encodeTool) }, notices: [] };
  if (choice === 'none') {
    return {
      toolConfig: { tools: tools.map(encodeTool) },
      notices: [
        '`tool_choice: none` was left out, because the conversation holds tool calls; the model may ask for more.',
      ],
    };
  }
  return chosen(tools, choice, choicesOf(model));
}

function chosen(tools: readonly ToolSpec[], choice: string, possible: readonly ChoiceKind[]): EncodedTools {
  const kind = choice === 'auto' || choice === 'any' ? choice : 'tool';
  if (possible.includes(kind)) {
    const toolChoice: ToolChoice =
      kind === 'tool' ? { tool: { name: choice } } : kind === 'any' ? { any: {} } : { auto: {} };
    return { toolConfig: { tools: tools.map(encodeTool), toolChoice }, notices: [] };
  }
  if (kind === 'tool' && possible.includes('any')) {
    const only = tools.filter(({ name }) => name === choice);
    return { toolConfig: { tools: only.map(encodeTool), toolChoice: { any: {} } }, notices: [] };
  }
  return {
    toolConfig: { tools: tools.map(encodeTool), toolChoice: { auto: {} } },
    notices: ['`tool_choice` was left out: the model decides by itself whether to use a tool.'],
  };
}

function encodeTool({ name, description, input_schema }: ToolSpec) {
  const inputSchema = { json: { ...input_schema, type: 'object' } } as SchemaDocument;
  return { toolSpec: { name, description, inputSchema } };
}

function noTools({ target }: RoutedRequest): ServiceError {
  return new ServiceError('validation', `${target.model} cannot use tools.`, {
    reason: 'not_supported',
    remedy: 'Leave out `tools`, or ask for a model that lists the capability `tools` in `bedrock_models`.',
    target,
  });
}
