import { z } from 'zod';
import { bedrockArguments, requestFieldsProblem } from './bedrock-arguments.js';
import { contentBlock } from './content-blocks.js';
import type { Target } from './target.js';

export { type ContentBlock, contentBlock } from './content-blocks.js';

/*
 * The request keeps the names of the tool's arguments (snake_case) all the way to the Bedrock client: it is wire data,
 * validated once, never renamed. Limits here hold for every caller; the guard stage adds the operator's.
 */

const requestLimits = {
  messages: 2_000,
  blocksPerMessage: 200,
  tools: 128,
  stopSequences: 64,
  tags: 16,
  timeoutMs: 3_600_000,
  tokens: 10_000_000,
} as const;

const message = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([z.string(), z.array(contentBlock).min(1).max(requestLimits.blocksPerMessage)]),
});
export type Message = z.output<typeof message>;

const toolName = z
  .string()
  .regex(/^[\w.:/-]{1,128}$/, 'must be 1 to 128 letters, digits or _ - . : /')
  .describe('1 to 128 letters, digits or _ - . : /');

const toolSpec = z.strictObject({
  name: toolName,
  description: z.string().min(1).max(10_000),
  input_schema: z.record(z.string(), z.unknown()).describe('JSON Schema of the input, of type object.'),
});
export type ToolSpec = z.output<typeof toolSpec>;

export const tasks = ['code', 'reasoning', 'general'] as const;
export type Task = (typeof tasks)[number];

export const optimizeGoals = ['quality', 'balanced', 'cost', 'speed'] as const;
export type OptimizeGoal = (typeof optimizeGoals)[number];

/** Ways to order the models that can answer; `weighted` goes by the parts that the operator gave them. */
export const strategyNames = ['balanced', 'task', 'cheapest', 'fastest', 'weighted'] as const;
export type StrategyName = (typeof strategyNames)[number];

export const cacheModes = ['default', 'bypass', 'refresh', 'static'] as const;

export const reasoningEfforts = ['none', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof reasoningEfforts)[number];

export const serviceTiers = ['default', 'priority', 'flex', 'reserved'] as const;

/** The arguments of `bedrock_invoke`, as published. `modelRequest` adds the rules that span arguments. */
export const requestArguments = z.strictObject({
  prompt: z.string().optional().describe('What to ask. Give this or `messages`, not both.'),
  messages: z
    .array(message)
    .max(requestLimits.messages)
    .optional()
    .describe('A conversation, oldest first; it ends with a user message.'),
  system: z.string().optional().describe('Instructions that stand before the conversation.'),
  model: z
    .string()
    .min(1)
    .max(2_048)
    .optional()
    .describe('Model id, inference profile id or alias (claude, nova, …). Absent or `auto`: the best one is chosen.'),
  task: z.enum(tasks).optional().describe('What kind of work it is, if known; otherwise it is recognised.'),
  optimize: z.enum(optimizeGoals).optional().describe('What to favour when choosing. Default: the server setting.'),
  strategy: z.enum(strategyNames).optional().describe('How candidates are ordered. Default: by `optimize`.'),
  quality_weight: z.number().min(0).max(1).optional().describe('0 cheapest to 1 best.'),
  max_tokens: z.int().min(1).max(requestLimits.tokens).optional().describe('Upper limit of tokens in the answer.'),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(1).max(500).optional(),
  stop_sequences: z.array(z.string().min(1).max(256)).max(requestLimits.stopSequences).optional(),
  tools: z.array(toolSpec).min(1).max(requestLimits.tools).optional().describe('Tools the model may ask you to run.'),
  tool_choice: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('`auto`, `any`, `none`, or the name of the tool that must be used.'),
  response_schema: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('JSON Schema (type object) that the answer must fit; it comes parsed in `structured`.'),
  reasoning_effort: z
    .enum(reasoningEfforts)
    .optional()
    .describe('How much the model thinks before it answers, where it can.'),
  service_tier: z.enum(serviceTiers).optional().describe('Bedrock service tier. Default: default.'),
  ...bedrockArguments,
  cache: z
    .enum(cacheModes)
    .optional()
    .describe('default: equal questions are answered from the cache; bypass; refresh; static: keep for an hour.'),
  cache_ttl_seconds: z.int().min(1).max(86_400).optional(),
  fallback: z.boolean().optional().describe('Try other models when the chosen one fails. Default true.'),
  max_cost_usd: z.number().positive().max(10_000).optional().describe('Refuse the call if it could cost more.'),
  timeout_ms: z.int().min(1).max(requestLimits.timeoutMs).optional().describe('Time for the whole call.'),
  tags: z
    .record(z.string().regex(/^[\w.:/-]{1,64}$/), z.string().max(128))
    .refine((value) => Object.keys(value).length <= requestLimits.tags, `at most ${requestLimits.tags} tags`)
    .optional()
    .describe('Labels for the cost report.'),
});

type RequestArguments = z.output<typeof requestArguments>;

function hasText(content: Message['content']): boolean {
  if (typeof content === 'string') return content.trim() !== '';
  return content.some((block) => block.type !== 'text' || block.text.trim() !== '');
}

function conversationProblem({ prompt, messages }: RequestArguments): string | undefined {
  if (prompt !== undefined && messages !== undefined) return 'give either `prompt` or `messages`, not both';
  if (prompt === undefined && messages === undefined) return 'give `prompt` or `messages`';
  if (prompt !== undefined) return prompt.trim() === '' ? '`prompt` is empty' : undefined;
  if (messages?.length === 0) return '`messages` is empty';
  const blank = messages?.findIndex((entry) => !hasText(entry.content)) ?? -1;
  if (blank >= 0) return `\`messages[${blank}]\` has no content`;
  return messages?.at(-1)?.role === 'user' ? undefined : 'the last message must be from the user';
}

function toolProblem({ tools = [], tool_choice }: RequestArguments): string | undefined {
  const names = new Set(tools.map((tool) => tool.name));
  if (names.size < tools.length) return '`tools` holds two tools of the same name';
  if (tool_choice === undefined || tool_choice === 'none') return undefined;
  if (tools.length === 0) return '`tool_choice` needs `tools`';
  const known = tool_choice === 'auto' || tool_choice === 'any' || names.has(tool_choice);
  return known ? undefined : `\`tool_choice\` is ${JSON.stringify(tool_choice)}, which is not one of \`tools\``;
}

/** The request behind checked arguments; what is wrong with them together becomes an issue. */
export function toModelRequest({ prompt, messages, ...rest }: RequestArguments, check: z.RefinementCtx) {
  const fieldsProblem = requestFieldsProblem(rest.additional_model_request_fields);
  for (const problem of [conversationProblem({ prompt, messages }), toolProblem(rest), fieldsProblem]) {
    if (problem) check.addIssue({ code: 'custom', message: problem });
  }
  const conversation: Message[] = messages ?? [{ role: 'user', content: prompt ?? '' }];
  return { ...rest, messages: conversation };
}

/** The validated request: the arguments with the conversation always in `messages`. */
export const modelRequest = requestArguments.transform(toModelRequest);

export type ModelRequest = z.output<typeof modelRequest>;

/** A request that knows where it goes. Only this can be priced or sent. */
export interface RoutedRequest extends ModelRequest {
  readonly target: Target;
  /** The dearest of the candidates, where the model was chosen here: what choosing saved is told against it. */
  readonly dearest?: Target;
  /** Always set: without it Bedrock reserves the maximum of the model against the token quota. */
  readonly max_tokens: number;
}
