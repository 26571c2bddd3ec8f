import { z } from 'zod';
import type { Answer, AnswerBlock } from '../answer.js';
import { pieces } from '../answer.js';
import type { Served } from '../catalogue-rules.js';
import type { Block, ConverseBody, Message } from '../converse-body.js';
import type { WireEvent, WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, mergeTurns, settings } from './native-body.js';

const cacheControl = z.looseObject({ type: z.literal('ephemeral'), ttl: z.enum(['5m', '1h']).optional() }).optional();
const marked = { cache_control: cacheControl };
const anything = z.looseObject({});

const textBlock = z.looseObject({ type: z.literal('text'), text: z.string(), ...marked });
const block = z.discriminatedUnion('type', [
  textBlock,
  z.looseObject({ type: z.literal('image'), source: anything, ...marked }),
  z.looseObject({ type: z.literal('document'), source: anything, ...marked }),
  z.looseObject({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: anything, ...marked }),
  z.looseObject({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    content: z.union([z.string(), z.array(anything)]).optional(),
    is_error: z.boolean().optional(),
    ...marked,
  }),
  z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() }),
  z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() }),
]);
type ClaudeBlock = z.output<typeof block>;

const tool = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  input_schema: anything,
  ...marked,
});

const body = z.strictObject({
  anthropic_version: z.literal('bedrock-2023-05-31'),
  anthropic_beta: z.array(z.string()).optional(),
  max_tokens: z.int().min(1),
  messages: z.array(
    z.strictObject({ role: z.enum(['user', 'assistant']), content: z.union([z.string(), z.array(block)]) }),
  ),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stop_sequences: z.array(z.string().min(1)).optional(),
  tools: z.array(tool).optional(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']), name: z.string().optional() }).optional(),
  thinking: anything.optional(),
  metadata: anything.optional(),
  output_config: z.looseObject({ format: z.looseObject({ schema: anything }).optional() }).optional(),
});
type ClaudeBody = z.output<typeof body>;

function plainBlock(given: ClaudeBlock): Block {
  switch (given.type) {
    case 'text':
      return { text: given.text };
    case 'image':
      return { image: given.source };
    case 'document':
      return { document: given.source };
    case 'tool_use':
      return { toolUse: { toolUseId: given.id, name: given.name, input: given.input } };
    case 'tool_result': {
      const content = typeof given.content === 'string' ? [{ text: given.content }] : (given.content ?? []);
      return { toolResult: { toolUseId: given.tool_use_id, content, ...(given.is_error ? { status: 'error' } : {}) } };
    }
    case 'thinking':
      return { reasoningContent: { reasoningText: { text: given.thinking, signature: given.signature } } };
    case 'redacted_thinking':
      return { reasoningContent: { redactedContent: given.data } };
  }
}

/** A mark for caching comes after what it marks, as a block of its own. */
function withCachePoint<Part>(
  part: Part,
  mark: unknown,
): (Part | { cachePoint: { type: 'default'; ttl?: '5m' | '1h' } })[] {
  const parsed = cacheControl.safeParse(mark);
  if (!parsed.success || !parsed.data) return [part];
  const { ttl } = parsed.data;
  return [part, { cachePoint: { type: 'default', ...(ttl ? { ttl } : {}) } }];
}

function blocksOf(content: string | readonly ClaudeBlock[] | undefined): Block[] {
  if (content === undefined) return [];
  if (typeof content === 'string') return [{ text: content }];
  return content.flatMap((given) => withCachePoint(plainBlock(given), given['cache_control']));
}

function toolConfig({ tools, tool_choice: choice }: ClaudeBody): Pick<ConverseBody, 'toolConfig'> {
  if (!tools || tools.length === 0) return {};
  const specs = tools.flatMap(({ name, description, input_schema, cache_control }) =>
    withCachePoint(
      { toolSpec: { name, ...(description ? { description } : {}), inputSchema: { json: input_schema } } },
      cache_control,
    ),
  );
  const toolChoice = { auto: { auto: {} }, none: {}, any: { any: {} }, tool: { tool: { name: choice?.name ?? '' } } };
  return { toolConfig: { tools: specs, ...(choice ? { toolChoice: toolChoice[choice.type] } : {}) } };
}

function outputConfig({ output_config }: ClaudeBody): Pick<ConverseBody, 'outputConfig'> {
  const schema = output_config?.format?.schema;
  if (!schema) return {};
  const jsonSchema = { schema: JSON.stringify(schema) };
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
}

/** What Converse takes among the additional fields. */
function ownFields({ top_k, thinking, output_config }: ClaudeBody): Pick<ConverseBody, 'additionalModelRequestFields'> {
  const effort = output_config?.['effort'];
  const fields = { top_k, thinking, output_config: effort === undefined ? undefined : { effort } };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? {} : { additionalModelRequestFields: Object.fromEntries(given) };
}

function decode(given: ClaudeBody): ConverseBody {
  const messages: Message[] = given.messages.map(({ role, content }) => ({ role, content: blocksOf(content) }));
  return {
    messages: mergeTurns(messages),
    system: blocksOf(given.system),
    inferenceConfig: settings({
      maxTokens: given.max_tokens,
      temperature: given.temperature,
      topP: given.top_p,
      stopSequences: given.stop_sequences,
    }),
    ...ownFields(given),
    ...toolConfig(given),
    ...outputConfig(given),
  };
}

function claudeBlock(given: AnswerBlock): object {
  switch (given.type) {
    case 'text':
      return { type: 'text', text: given.text };
    case 'reasoning':
      return { type: 'thinking', thinking: given.text, signature: given.signature };
    case 'toolUse':
      return { type: 'tool_use', id: given.toolUseId, name: given.name, input: given.input };
  }
}

function claudeUsage({ usage }: Answer, output_tokens: number): object {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteInputTokens,
    cache_read_input_tokens: usage.cacheReadInputTokens,
    output_tokens,
  };
}

function envelope(answer: Answer, { model }: Served): object {
  const id = `msg_bdrk_${String(answer.usage.totalTokens).padStart(24, '0')}`;
  return { id, type: 'message', role: 'assistant', model: model.id.replace(/^anthropic\.|-v\d+(?::\d+)?$/g, '') };
}

const stopOf = (answer: Answer): object => ({
  stop_reason: answer.stopReason,
  stop_sequence: answer.stopSequence ?? null,
});

function* deltasOf(given: AnswerBlock): Generator<object> {
  if (given.type === 'text') {
    for (const text of pieces(given.text)) yield { type: 'text_delta', text };
  } else if (given.type === 'reasoning') {
    for (const thinking of pieces(given.text)) yield { type: 'thinking_delta', thinking };
    yield { type: 'signature_delta', signature: given.signature };
  } else {
    for (const partial_json of pieces(JSON.stringify(given.input))) yield { type: 'input_json_delta', partial_json };
  }
}

const emptied: Readonly<Record<AnswerBlock['type'], object>> = {
  text: { text: '' },
  reasoning: { thinking: '', signature: '' },
  toolUse: { input: {} },
};

function* blockEvents(given: AnswerBlock, index: number): Generator<WireEvent> {
  yield chunk({ type: 'content_block_start', index, content_block: { ...claudeBlock(given), ...emptied[given.type] } });
  for (const delta of deltasOf(given)) yield chunk({ type: 'content_block_delta', index, delta });
  yield chunk({ type: 'content_block_stop', index });
}

/** Claude's messages format. */
export const claudeFormat: WireFormat = {
  decode: decoder(body, decode),
  encode: (answer, served) => ({
    ...envelope(answer, served),
    content: answer.blocks.map(claudeBlock),
    ...stopOf(answer),
    usage: claudeUsage(answer, answer.usage.outputTokens),
  }),
  stream: function* (answer, served, timing) {
    const open = { content: [], stop_reason: null, stop_sequence: null, usage: claudeUsage(answer, 1) };
    yield chunk({ type: 'message_start', message: { ...envelope(answer, served), ...open } });
    for (const [index, given] of answer.blocks.entries()) yield* blockEvents(given, index);
    const usage = { output_tokens: answer.usage.outputTokens };
    yield chunk({ type: 'message_delta', delta: stopOf(answer), usage });
    yield chunk({ type: 'message_stop', ...invocationMetrics(answer, timing()) });
  },
};
