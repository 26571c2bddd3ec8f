import type { OutputConfig } from '@aws-sdk/client-bedrock-runtime';
import type { Model } from '../core/model.js';
import type { RoutedRequest } from '../core/request.js';
import { strictSchema } from './strict-schema.js';
import { canForceTool } from './tool-config.js';

/** How a model is made to answer with JSON that fits `response_schema`. */
export interface StructurePlan {
  /** The request as the way chosen needs it. */
  readonly request: RoutedRequest;
  readonly outputConfig?: OutputConfig;
  /** The tool whose input is the answer. */
  readonly answerTool?: string;
}

const answerTool = 'answer';
/** Models that the catalogue calls able but that were seen to refuse. */
const refusesSchemas = /^anthropic\.claude-opus-4-(1|7)(?!\d)/;

/**
 * The surest way the model has: its own schema output, else a tool it is forced to use, else words. Whatever the way,
 * the answer is checked afterwards by `createStructuredStage`.
 * @param freeChoice the model cannot be forced to use a tool in this request.
 */
export function planStructure(request: RoutedRequest, model: Model | undefined, freeChoice: boolean): StructurePlan {
  const { response_schema: schema, ...rest } = request;
  if (schema === undefined) return { request };
  const strict =
    model?.strictTools === true && !refusesSchemas.test(request.target.model) ? strictSchema(schema) : undefined;
  if (strict) {
    const jsonSchema = { name: answerTool, schema: JSON.stringify(strict) };
    return { request: rest, outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
  }
  if (!freeChoice && request.tools === undefined && canForceTool(model)) {
    const tool = { name: answerTool, description: 'Gives the answer.', input_schema: schema };
    return { request: { ...rest, tools: [tool], tool_choice: answerTool }, answerTool };
  }
  const wish = `Answer with one JSON object and nothing else. It must fit this JSON Schema: ${JSON.stringify(schema)}`;
  const system = request.system?.trim() ? `${request.system}\n\n${wish}` : wish;
  return { request: { ...rest, system } };
}
