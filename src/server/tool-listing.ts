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
  readonly _meta?: JsonObject;
}

/** Bounds that no reasonable caller meets; whoever does is told by the error, and nobody else has to read them. */
const farBounds = new Set(['minLength', 'maxLength', 'minItems', 'maxItems', 'pattern', 'propertyNames']);

/** Says nothing that `type: object` does not say already. */
function isNoise(key: string, value: unknown): boolean {
  if (key === '$schema') return true;
  if (key === 'maximum') return value === Number.MAX_SAFE_INTEGER;
  if (key === 'minimum') return value === Number.MIN_SAFE_INTEGER;
  return key === 'additionalProperties' && JSON.stringify(value) === '{}';
}

/**
 * The server checks its answers itself: what is always there, and which words are used, is told by the reference and not
 * by every listing.
 */
function isPromise(key: string, value: unknown): boolean {
  if (key === 'required' || key === 'enum') return Array.isArray(value);
  if (key === 'properties') return JSON.stringify(value) === '{}';
  return key === 'additionalProperties' && value === false;
}

type Drop = (key: string, value: unknown) => boolean;

function trimmed(schema: object, drop: Drop): ObjectSchema {
  // A property may be named like a keyword, and is an object or a boolean; the keywords dropped here never are objects.
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (drop(key, value) ? undefined : value)),
  ) as ObjectSchema;
}

/** The JSON Schema of a tool's input or output in full, as the reference tells it. */
export function toolSchema(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  return trimmed(
    z.toJSONSchema(schema, { io, target: 'draft-2020-12' }),
    (key, value) => key === 'brief' || isNoise(key, value),
  );
}

/** As published: a part that carries a `brief` schema in its metadata is listed by that one, which is wider. */
function publish(schema: z.ZodType, io: 'input' | 'output'): ObjectSchema {
  const published = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      const { brief, description } = jsonSchema as { brief?: object; description?: string };
      if (brief === undefined) return;
      for (const key of Object.keys(jsonSchema)) delete (jsonSchema as JsonObject)[key];
      Object.assign(jsonSchema, description === undefined ? {} : { description }, brief);
    },
  });
  const drop: Drop = (key, value) =>
    isNoise(key, value) ||
    (farBounds.has(key) && (typeof value !== 'object' || key === 'propertyNames')) ||
    (io === 'output' && isPromise(key, value));
  const listed = trimmed(published, drop);
  if (listed.type !== 'object' || !listed.properties) throw new Error('a tool needs object schemas');
  return listed;
}

/**
 * Clients of the SDK check structuredContent against the output schema in error answers too, so it has to admit both
 * shapes. Without required fields it does so with no union at the top, which some clients cannot read.
 */
function publishOutput({ output, alternative }: Tool): ObjectSchema {
  const { $defs, ...schema } = publish(output, 'output');
  const others = alternative ? publish(alternative, 'output').properties : {};
  const properties = { ...(outline(schema.properties, $defs) as ObjectSchema['properties']), ...others };
  return { type: 'object', additionalProperties: false, properties: { ...properties, error: { type: 'object' } } };
}

/** Levels of objects that a listing tells of; what lies deeper is an object there, and explained by the reference. */
const toldLevels = 2;

/** The first levels of a schema, with what its references stand for. */
function outline(part: unknown, definitions: unknown, level = 0): unknown {
  if (Array.isArray(part)) return part.map((entry) => outline(entry, definitions, level));
  if (typeof part !== 'object' || part === null) return part;
  const { $ref } = part as { $ref?: unknown };
  if (typeof $ref === 'string') {
    const definition = (definitions as Record<string, unknown>)[$ref.slice('#/$defs/'.length)];
    return outline(definition, definitions, level);
  }
  const isObject = 'properties' in part && (part as JsonObject)['type'] === 'object';
  if (isObject && level + 1 >= toldLevels) return { type: 'object' };
  const entries = Object.entries(part).map(([key, value]) => [
    key,
    outline(value, definitions, isObject ? level + 1 : level),
  ]);
  return Object.fromEntries(entries);
}

export function listTool(tool: Tool): ToolListing {
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: { ...publish(tool.input, 'input'), examples: [tool.example] },
    outputSchema: publishOutput(tool),
    annotations: annotationsOf(tool.kind),
    // Both forms, because hosts of the first version of MCP Apps know the flat one only.
    ...(tool.view !== undefined && { _meta: { ui: { resourceUri: tool.view }, 'ui/resourceUri': tool.view } }),
  };
}
