import { z } from 'zod';
import { annotationsOf, type Tool } from './define-tool.js';

type JsonObject = Record<string, unknown>;
type ObjectSchema = JsonObject & { type: 'object'; properties: Record<string, object>; required?: string[] };

/** One entry of tools/list. */
export interface ToolListing {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ObjectSchema;
  readonly outputSchema: ObjectSchema;
  readonly annotations: ReturnType<typeof annotationsOf>;
}

/** The error reference describes it; here it only has to be admitted, and costs tokens once a tool. */
const errorSchema = { type: 'object', description: 'When isError.' };

/** Says nothing that `type: object` does not say already, and costs tokens in every listing. */
function isNoise(key: string, value: unknown): boolean {
  if (key === '$schema') return true;
  if (key === 'propertyNames') return JSON.stringify(value) === '{"type":"string"}';
  if (key === 'maximum') return value === Number.MAX_SAFE_INTEGER;
  if (key === 'minimum') return value === Number.MIN_SAFE_INTEGER;
  return key === 'additionalProperties' && JSON.stringify(value) === '{}';
}

/** The server checks its answers itself, so for them it is enough to say at the root that nothing else comes. */
function isClosing(key: string, value: unknown): boolean {
  return key === 'additionalProperties' && value === false;
}

function publish(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const published = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  const trimmed = JSON.parse(
    JSON.stringify(published, (key, value: unknown) =>
      isNoise(key, value) || (io === 'output' && isClosing(key, value)) ? undefined : value,
    ),
  ) as ObjectSchema;
  if (trimmed.type !== 'object' || !trimmed.properties) throw new Error('a tool needs object schemas');
  return trimmed;
}

/**
 * Clients check structuredContent against the output schema in error answers too, so it has to admit both shapes.
 */
function withError(schema: ObjectSchema): ObjectSchema {
  const { required = [], properties, ...rest } = schema;
  return {
    ...rest,
    additionalProperties: false,
    properties: { ...properties, error: errorSchema },
    anyOf: [{ required }, { required: ['error'] }],
  };
}

export function listTool(tool: Tool): ToolListing {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: publish(tool.input, 'input'),
    outputSchema: withError(publish(tool.output, 'output')),
    annotations: annotationsOf(tool.kind),
  };
}
