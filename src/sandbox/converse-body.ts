import { z } from 'zod';
import { invalid, type Refusal } from './aws-error.js';

/*
 * The body of Converse, as far as the sandbox looks at it. Native formats are translated into this one, so that rules,
 * limits, usage and answers exist once.
 */

const anything = z.looseObject({});

const toolUseBlock = z.looseObject({
  toolUseId: z.string().regex(/^[a-zA-Z0-9_.:-]{1,64}$/),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  input: z.unknown(),
});
const toolResultBlock = z.looseObject({
  toolUseId: z.string(),
  content: z.array(anything),
  status: z.string().optional(),
});
const cachePoint = z.looseObject({ type: z.literal('default'), ttl: z.enum(['5m', '1h']).optional() });

const block = z.looseObject({
  text: z.string().optional(),
  image: anything.optional(),
  document: anything.optional(),
  video: anything.optional(),
  audio: anything.optional(),
  toolUse: toolUseBlock.optional(),
  toolResult: toolResultBlock.optional(),
  cachePoint: cachePoint.optional(),
});
export type Block = z.output<typeof block>;

const message = z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: z.array(block) });
export type Message = z.output<typeof message>;

const toolSpec = z.looseObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  description: z.string().min(1).optional(),
  inputSchema: z.looseObject({ json: anything }),
});
export type ToolSpec = z.output<typeof toolSpec>;

const toolConfig = z.looseObject({
  tools: z
    .array(
      z.looseObject({
        toolSpec: toolSpec.optional(),
        systemTool: anything.optional(),
        cachePoint: cachePoint.optional(),
      }),
    )
    .min(1),
  toolChoice: z
    .looseObject({
      auto: anything.optional(),
      any: anything.optional(),
      tool: z.looseObject({ name: z.string() }).optional(),
    })
    .optional(),
});

const inferenceConfig = z.looseObject({
  maxTokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(1).optional(),
  topP: z.number().min(0).max(1).optional(),
  stopSequences: z.array(z.string().min(1)).max(2_500).optional(),
});

const outputConfig = z.looseObject({
  textFormat: z
    .looseObject({
      type: z.literal('json_schema'),
      structure: z.looseObject({ jsonSchema: z.looseObject({ schema: z.string() }) }),
    })
    .optional(),
});

const metadataText = /^[a-zA-Z0-9\s:_@$#=/+,.-]*$/;
const requestMetadata = z
  .record(z.string().min(1).max(256).regex(metadataText), z.string().max(256).regex(metadataText))
  .refine((pairs) => Object.keys(pairs).length <= 16);

export const converseBody = z.looseObject({
  messages: z.array(message).default([]),
  system: z.array(block).default([]),
  inferenceConfig: inferenceConfig.default({}),
  toolConfig: toolConfig.optional(),
  outputConfig: outputConfig.optional(),
  additionalModelRequestFields: z.looseObject({}).optional(),
  additionalModelResponseFieldPaths: z.array(z.string().min(1).max(256).startsWith('/')).max(10).optional(),
  requestMetadata: requestMetadata.optional(),
  performanceConfig: z.looseObject({ latency: z.enum(['standard', 'optimized']).optional() }).optional(),
  serviceTier: z.looseObject({ type: z.enum(['priority', 'default', 'flex', 'reserved']) }).optional(),
});
export type ConverseBody = z.output<typeof converseBody>;

/** The refusal AWS gives for a body that does not fit the operation's shape. */
export function shapeRefusal(error: z.core.$ZodError): Refusal {
  const [issue] = error.issues;
  const where = issue?.path.join('.') || 'body';
  return invalid(`1 validation error detected: Value at '${where}' failed to satisfy constraint: ${issue?.message}`);
}

/** Reads JSON and holds it against a schema. */
export function parseBody<Output>(schema: z.ZodType<Output>, value: unknown): Output | Refusal {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : shapeRefusal(parsed.error);
}

/** The tools that can be called by name. */
export function namedTools(body: ConverseBody): readonly ToolSpec[] {
  return (body.toolConfig?.tools ?? []).flatMap((tool) => (tool.toolSpec ? [tool.toolSpec] : []));
}
