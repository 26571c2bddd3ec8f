import type {
  ContentBlock,
  ConverseStreamOutput,
  SystemContentBlock,
  Tool,
  ToolChoice,
  ToolResultContentBlock,
} from '@aws-sdk/client-bedrock-runtime';
import { blockEvents, deltaEvents, usageOf } from './claude-events.js';
import { stopEvent, usageEvents } from './events.js';
import { base64, given, type Json, listOf, objectOf, textOf } from './json.js';
import type { ModelFamily, NativeRequest } from './model-family.js';

const textBlock = (text: string): Json => ({ type: 'text', text });

function source(media_type: string, bytes: Uint8Array | undefined): Json {
  return { type: 'base64', media_type, data: base64(bytes) };
}

/** The messages format takes PDF and plain text only; texts of other kinds are plain text to it too. */
function documentBlock({ format, name, source: from }: NonNullable<ContentBlock['document']>): Json {
  const bytes = from?.bytes;
  const data = Buffer.from(bytes ?? []).toString('utf8');
  const plain: Json = { type: 'text', media_type: 'text/plain', data };
  return given({
    type: 'document',
    source: format === 'pdf' ? source('application/pdf', bytes) : plain,
    title: name,
  });
}

function resultPart(part: ToolResultContentBlock): Json[] {
  if (part.text !== undefined) return [textBlock(part.text)];
  if (part.json !== undefined) return [textBlock(JSON.stringify(part.json))];
  if (part.image) return [{ type: 'image', source: source(`image/${part.image.format}`, part.image.source?.bytes) }];
  return [];
}

function reasoningBlock({ reasoningText, redactedContent }: NonNullable<ContentBlock['reasoningContent']>): Json {
  if (redactedContent) return { type: 'redacted_thinking', data: base64(redactedContent) };
  return { type: 'thinking', thinking: reasoningText?.text ?? '', signature: reasoningText?.signature ?? '' };
}

function claudeBlock(block: ContentBlock): Json[] {
  if (block.text !== undefined) return [textBlock(block.text)];
  if (block.image) return [{ type: 'image', source: source(`image/${block.image.format}`, block.image.source?.bytes) }];
  if (block.document) return [documentBlock(block.document)];
  if (block.toolUse) {
    const { toolUseId, name, input } = block.toolUse;
    return [{ type: 'tool_use', id: toolUseId, name, input: input ?? {} }];
  }
  if (block.toolResult) {
    const { toolUseId, content = [], status } = block.toolResult;
    const error = status === 'error' ? true : undefined;
    const parts = content.flatMap(resultPart);
    return [given({ type: 'tool_result', tool_use_id: toolUseId, content: parts, is_error: error })];
  }
  return block.reasoningContent ? [reasoningBlock(block.reasoningContent)] : [];
}

/** A cache point is a mark on what stands before it. */
function marked<Part extends { cachePoint?: { ttl?: string | undefined } | undefined }>(
  parts: readonly Part[],
  encode: (part: Part) => readonly Json[],
): Json[] {
  const encoded: Json[] = [];
  for (const part of parts) {
    const last = encoded.at(-1);
    if (part.cachePoint && last) {
      encoded[encoded.length - 1] = { ...last, cache_control: given({ type: 'ephemeral', ttl: part.cachePoint.ttl }) };
    } else encoded.push(...encode(part));
  }
  return encoded;
}

const systemBlock = (block: SystemContentBlock): Json[] => (block.text === undefined ? [] : [textBlock(block.text)]);

function toolOf({ toolSpec }: Tool): Json[] {
  if (!toolSpec) return [];
  const { name, description, inputSchema, strict } = toolSpec;
  return [given({ name, description, input_schema: inputSchema?.json, strict })];
}

function toolChoice(choice: ToolChoice | undefined): Json | undefined {
  if (choice?.tool) return { type: 'tool', name: choice.tool.name };
  if (choice?.any) return { type: 'any' };
  return choice?.auto ? { type: 'auto' } : undefined;
}

/** `output_config` may hold an effort already, as a field of its own model. */
function outputConfig({ outputConfig: config, additionalModelRequestFields }: NativeRequest): Json | undefined {
  const own = objectOf(objectOf(additionalModelRequestFields)['output_config']);
  const schema = config?.textFormat?.structure?.jsonSchema?.schema;
  const format = schema === undefined ? undefined : { type: 'json_schema', schema: JSON.parse(schema) as unknown };
  const merged = given({ ...own, effort: own['effort'] ?? config?.effort, format });
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function encode(request: NativeRequest): Json {
  const { messages = [], system = [], inferenceConfig = {}, toolConfig } = request;
  return given({
    anthropic_version: 'bedrock-2023-05-31',
    max_tokens: inferenceConfig.maxTokens,
    messages: messages.map(({ role, content = [] }) => ({ role, content: marked(content, claudeBlock) })),
    system: system.length > 0 ? marked(system, systemBlock) : undefined,
    temperature: inferenceConfig.temperature,
    top_p: inferenceConfig.topP,
    stop_sequences: inferenceConfig.stopSequences,
    tools: toolConfig ? marked(toolConfig.tools ?? [], toolOf) : undefined,
    tool_choice: toolChoice(toolConfig?.toolChoice),
    ...objectOf(request.additionalModelRequestFields),
    output_config: outputConfig(request),
  });
}

/** Claude's own words but for two, which Converse has other words for. */
const stops: Readonly<Record<string, string>> = { refusal: 'content_filtered', pause_turn: 'end_turn' };

function stopped(reason: unknown): ConverseStreamOutput[] {
  const word = textOf(reason);
  return word === undefined ? [] : [stopEvent(stops[word] ?? word)];
}

function decodeChunk(chunk: Json): readonly ConverseStreamOutput[] {
  switch (chunk['type']) {
    case 'message_start':
      return [{ messageStart: { role: 'assistant' } }, ...usageOf(objectOf(chunk['message'])['usage'])];
    case 'content_block_start':
      return blockEvents(objectOf(chunk['content_block']), Number(chunk['index'] ?? 0));
    case 'content_block_delta':
      return deltaEvents(objectOf(chunk['delta']), Number(chunk['index'] ?? 0));
    case 'content_block_stop':
      return [{ contentBlockStop: { contentBlockIndex: Number(chunk['index'] ?? 0) } }];
    case 'message_delta': {
      // Later counts replace the earlier ones; those of the input come in the first event only.
      const { output_tokens } = objectOf(chunk['usage']);
      const counts = typeof output_tokens === 'number' ? usageEvents({ outputTokens: output_tokens }) : [];
      return [...stopped(objectOf(chunk['delta'])['stop_reason']), ...counts];
    }
    default:
      return [];
  }
}

/** Claude 3 and later. */
export const claudeMessages: ModelFamily = {
  id: 'claude-messages',
  takes: new Set(['tools', 'image', 'document', 'schema']),
  topK: 'top_k',
  serves: ({ nativeFormat }) => nativeFormat === 'anthropic-messages',
  encode,
  decode: (answer) => [
    ...listOf(answer['content']).flatMap(blockEvents),
    ...stopped(answer['stop_reason']),
    ...usageOf(answer['usage']),
  ],
  streamDecoder: () => decodeChunk,
};
