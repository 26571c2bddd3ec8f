import { z } from 'zod';
import type { Answer, AnswerBlock } from '../answer.js';
import { pieces } from '../answer.js';
import type { Served } from '../catalogue-rules.js';
import type { Block, ConverseBody, Message } from '../converse-body.js';
import type { Timing, WireEvent, WireFormat } from '../wire-format.js';
import { chunk, decoder, invocationMetrics, mergeTurns, settings, stopWord, textOf } from './native-body.js';

const anything = z.looseObject({});
const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part)]).nullish();

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content,
  tool_calls: z
    .array(z.looseObject({ id: z.string(), function: z.looseObject({ name: z.string(), arguments: z.string() }) }))
    .optional(),
  tool_call_id: z.string().optional(),
});
type ChatMessage = z.output<typeof message>;

const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), description: z.string().optional(), parameters: anything.optional() }),
});

const body = z.looseObject({
  messages: z.array(message),
  max_tokens: z.int().min(1).optional(),
  max_completion_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  reasoning_effort: z.string().optional(),
  stop: z.union([z.string(), z.array(z.string().min(1))]).nullish(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .union([z.enum(['auto', 'none', 'required']), z.looseObject({ function: z.looseObject({ name: z.string() }) })])
    .optional(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: anything.optional() }).optional() })
    .optional(),
});
type ChatBody = z.output<typeof body>;

function contentBlocks(given: ChatMessage['content']): Block[] {
  if (given === null || given === undefined) return [];
  if (typeof given === 'string') return [{ text: given }];
  return given.map((entry) => (entry.text === undefined ? { image: entry } : { text: entry.text }));
}

function readArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function turnOf(given: ChatMessage): Message {
  const blocks = contentBlocks(given.content);
  if (given.role === 'tool') {
    return { role: 'user', content: [{ toolResult: { toolUseId: given.tool_call_id ?? '', content: blocks } }] };
  }
  const calls = (given.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({
    toolUse: { toolUseId: id, name, input: readArguments(text) },
  }));
  return { role: given.role === 'assistant' ? 'assistant' : 'user', content: [...blocks, ...calls] };
}

const isSystem = ({ role }: ChatMessage): boolean => role === 'system' || role === 'developer';

function toolChoice(choice: ChatBody['tool_choice']): object {
  if (choice === undefined || choice === 'none') return {};
  if (choice === 'auto') return { toolChoice: { auto: {} } };
  if (choice === 'required') return { toolChoice: { any: {} } };
  return { toolChoice: { tool: { name: choice.function.name } } };
}

function toolConfig({ tools, tool_choice }: ChatBody): Pick<ConverseBody, 'toolConfig'> {
  if (!tools || tools.length === 0) return {};
  const specs = tools.map(({ function: { name, description, parameters = { type: 'object' } } }) => ({
    toolSpec: { name, ...(description ? { description } : {}), inputSchema: { json: parameters } },
  }));
  return { toolConfig: { tools: specs, ...toolChoice(tool_choice) } };
}

function outputConfig({ response_format: format }: ChatBody): Pick<ConverseBody, 'outputConfig'> {
  const schema = format?.type === 'json_schema' ? format.json_schema?.schema : undefined;
  if (!schema) return {};
  const jsonSchema = { schema: JSON.stringify(schema) };
  return { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema } } } };
}

function decode(given: ChatBody): ConverseBody {
  const stop = typeof given.stop === 'string' ? [given.stop] : (given.stop ?? undefined);
  return {
    messages: mergeTurns(given.messages.filter((entry) => !isSystem(entry)).map(turnOf)),
    system: given.messages.filter(isSystem).flatMap((entry) => contentBlocks(entry.content)),
    inferenceConfig: settings({
      maxTokens: given.max_completion_tokens ?? given.max_tokens,
      temperature: given.temperature,
      topP: given.top_p,
      stopSequences: stop,
    }),
    ...(given.reasoning_effort ? { additionalModelRequestFields: { reasoning_effort: given.reasoning_effort } } : {}),
    ...toolConfig(given),
    ...outputConfig(given),
  };
}

const reasons = { end_turn: 'stop', stop_sequence: 'stop', max_tokens: 'length', tool_use: 'tool_calls' };

function usageOf({ usage }: Answer): object {
  const prompt = usage.inputTokens + usage.cacheReadInputTokens + usage.cacheWriteInputTokens;
  return { prompt_tokens: prompt, completion_tokens: usage.outputTokens, total_tokens: usage.totalTokens };
}

const envelope = (object: string, { model }: Served): object => ({
  id: 'chatcmpl-sandbox',
  object,
  created: 0,
  model: model.id,
});

function toolCalls(blocks: readonly AnswerBlock[]): object[] {
  return blocks.flatMap((block, index) => {
    if (block.type !== 'toolUse') return [];
    const call = { name: block.name, arguments: JSON.stringify(block.input) };
    return [{ index, id: block.toolUseId, type: 'function', function: call }];
  });
}

function messageOf(answer: Answer): object {
  const calls = toolCalls(answer.blocks).map((call) => ({ ...call, index: undefined }));
  const reasoning = answer.blocks.find((block) => block.type === 'reasoning');
  return {
    role: 'assistant',
    content: textOf(answer) || null,
    ...(reasoning?.type === 'reasoning' ? { reasoning: reasoning.text } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

function* deltasOf(answer: Answer): Generator<object> {
  yield { role: 'assistant', content: '' };
  for (const block of answer.blocks) {
    if (block.type === 'text') for (const content of pieces(block.text)) yield { content };
    if (block.type === 'reasoning') for (const reasoning of pieces(block.text)) yield { reasoning };
  }
  for (const call of toolCalls(answer.blocks)) yield { tool_calls: [call] };
}

function* streamChunks(answer: Answer, served: Served, timing: () => Timing): Generator<WireEvent> {
  const head = envelope('chat.completion.chunk', served);
  for (const delta of deltasOf(answer)) yield chunk({ ...head, choices: [{ index: 0, delta, finish_reason: null }] });
  const finish_reason = stopWord(reasons, answer.stopReason);
  yield chunk({ ...head, choices: [{ index: 0, delta: {}, finish_reason }] });
  yield chunk({ ...head, choices: [], usage: usageOf(answer), ...invocationMetrics(answer, timing()) });
}

/** The chat shape of OpenAI, which most open models on Bedrock take. */
export const openaiChatFormat: WireFormat = {
  decode: decoder(body, decode),
  encode: (answer, served) => ({
    ...envelope('chat.completion', served),
    choices: [{ index: 0, message: messageOf(answer), finish_reason: stopWord(reasons, answer.stopReason) }],
    usage: usageOf(answer),
  }),
  stream: streamChunks,
};
