import { z } from 'zod';
import { modelRequest, requestArguments } from '../src/core/request.js';

const asInvoke = z.array(z.record(z.string(), z.unknown())).optional().describe('As for bedrock_invoke.');

type Arguments = typeof requestArguments.shape;
/** What an argument means and which values it takes is told once, by bedrock_invoke. */
function inBrief(schema: z.ZodType): z.ZodType {
  const { type } = z.toJSONSchema(schema, { io: 'input' });
  return schema.meta({ description: undefined, brief: { type } });
}
const briefly = Object.fromEntries(
  Object.entries(requestArguments.shape).map(([name, schema]) => [name, inBrief(schema)]),
) as Arguments;

/**
 * The arguments of bedrock_invoke for tools that only look at a request. Messages and tools are checked as strictly, but
 * published in brief: in full they would be half of all that a client reads before its first call.
 */
export const previewArguments = z.strictObject({ ...briefly, messages: asInvoke, tools: asInvoke });

type Problem = Exclude<Parameters<z.RefinementCtx['addIssue']>[0], string>;

/** The request behind the arguments; hands every problem on as if the caller had asked bedrock_invoke. */
export function toRequest(args: z.output<typeof previewArguments>, check: z.RefinementCtx) {
  const request = modelRequest.safeParse(args);
  if (request.success) return request.data;
  for (const issue of request.error.issues) check.addIssue({ ...issue, input: args } as Problem);
  return z.NEVER;
}
