import type { ContentBlock, ConverseStreamOutput, Message, ToolChoice } from '@aws-sdk/client-bedrock-runtime';
import { reasoningEvent, stopEvent, textEvent, toolInputEvent, toolStartEvent, usageEvents } from './events.js';
import { base64, given, type Json, listOf, numberOf, objectOf, textOf } from './json.js';
import type { ModelFamily, NativeRequest } from './model-family.js';
import { systemText } from './prompt-template.js';
import { tagDecoder, withoutThinkingTags } from './thinking-tags.js';

/** Some of these models write their reasoning into the text. */
const tags = { open: '<reasoning>', close: '</reasoning>' };

function part(block: ContentBlock): Json[] {
  if (block.text !== undefined) return [{ type: 'text', text: block.text }];
  if (!block.image) return [];
  const { format, source } = block.image;
  return [{ type: 'image_url', image_url: { url: `data:image/${format};base64,${base64(source?.bytes)}` } }];
}

/** One text alone goes as a string, which every model of the family takes. */
function contentOf(blocks: readonly ContentBlock[]): string | Json[] {
  const parts = blocks.flatMap(part);
  const texts = parts.map((entry) => textOf(entry['text']));
  return texts.every((text) => text !== undefined) ? texts.join('\n') : parts;
}

function toolMessages(blocks: readonly ContentBlock[]): Json[] {
  return blocks.flatMap(({ toolResult }) => {
    if (!toolResult) return [];
    const texts = (toolResult.content ?? []).map((entry) => entry.text ?? JSON.stringify(entry.json ?? {}));
    const failed = toolResult.status === 'error' ? 'Error: ' : '';
    return [{ role: 'tool', tool_call_id: toolResult.toolUseId, content: failed + texts.join('\n') }];
  });
}

function chatMessages({ role, content = [] }: Message): Json[] {
  const said = content.filter((block) => block.text !== undefined || block.image);
  const calls = content.flatMap(({ toolUse }) => {
    if (!toolUse) return [];
    const call = { name: toolUse.name, arguments: JSON.stringify(toolUse.input ?? {}) };
    return [{ id: toolUse.toolUseId, type: 'function', function: call }];
  });
  if (calls.length > 0) {
    return [{ role, content: said.length > 0 ? contentOf(said) : null, tool_calls: calls }];
  }
  return [...toolMessages(content), ...(said.length > 0 ? [{ role, content: contentOf(said) }] : [])];
}

function toolChoice(choice: ToolChoice | undefined): unknown {
  if (choice?.tool) return { type: 'function', function: { name: choice.tool.name } };
  if (choice?.any) return 'required';
  return choice?.auto ? 'auto' : undefined;
}

function toolsOf({ toolConfig }: NativeRequest): Json {
  const tools = (toolConfig?.tools ?? []).flatMap(({ toolSpec }) => {
    if (!toolSpec) return [];
    const { name, description, inputSchema } = toolSpec;
    return [{ type: 'function', function: given({ name, description, parameters: inputSchema?.json }) }];
  });
  return tools.length === 0 ? {} : given({ tools, tool_choice: toolChoice(toolConfig?.toolChoice) });
}

function formatOf({ outputConfig }: NativeRequest): Json {
  const wanted = outputConfig?.textFormat?.structure?.jsonSchema;
  if (wanted?.schema === undefined) return {};
  const schema: unknown = JSON.parse(wanted.schema);
  return { response_format: { type: 'json_schema', json_schema: { name: wanted.name ?? 'answer', schema } } };
}

function encode(request: NativeRequest): Json {
  const { model, messages = [], inferenceConfig = {} } = request;
  const system = systemText(request.system);
  // The models of OpenAI itself refuse the older name.
  const limit = model.startsWith('openai.') ? 'max_completion_tokens' : 'max_tokens';
  return given({
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...messages.flatMap(chatMessages)],
    [limit]: inferenceConfig.maxTokens,
    temperature: inferenceConfig.temperature,
    top_p: inferenceConfig.topP,
    stop: inferenceConfig.stopSequences,
    stream: request.streaming ? true : undefined,
    ...toolsOf(request),
    ...formatOf(request),
    ...objectOf(request.additionalModelRequestFields),
  });
}

const stops: Readonly<Record<string, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
};

/** Tool calls are numbered among themselves, and are kept apart from text all the same. */
function toolEvents(calls: unknown): ConverseStreamOutput[] {
  return listOf(calls).flatMap((call, position) => {
    const index = numberOf(call['index']) ?? position;
    const { name, arguments: input } = objectOf(call['function']);
    const id = textOf(call['id']);
    const start = id && textOf(name) ? [toolStartEvent(id, textOf(name) ?? '', index)] : [];
    return [...start, ...(textOf(input) ? [toolInputEvent(textOf(input) ?? '', index)] : [])];
  });
}

/** `delta` of a chunk and `message` of a whole answer have the same members. */
function choiceEvents(choice: Json | undefined): ConverseStreamOutput[] {
  const said = objectOf(choice?.['delta'] ?? choice?.['message']);
  const reasoning = textOf(said['reasoning'] ?? said['reasoning_content']);
  const text = textOf(said['content'] ?? said['refusal']);
  const stop = textOf(choice?.['finish_reason']);
  return [
    ...(reasoning ? [reasoningEvent(reasoning)] : []),
    ...(text ? [textEvent(text)] : []),
    ...toolEvents(said['tool_calls']),
    ...(stop ? [stopEvent(stops[stop] ?? stop)] : []),
  ];
}

/** The prompt's count holds the cached tokens too. */
function countsOf(answer: Json): ConverseStreamOutput[] {
  const usage = objectOf(answer['usage']);
  const prompt = numberOf(usage['prompt_tokens']);
  const cached = numberOf(objectOf(usage['prompt_tokens_details'])['cached_tokens']);
  return usageEvents({
    inputTokens: prompt === undefined ? undefined : Math.max(0, prompt - (cached ?? 0)),
    outputTokens: numberOf(usage['completion_tokens']),
    cacheReadInputTokens: cached,
  });
}

const eventsOf = (answer: Json): ConverseStreamOutput[] => [
  ...choiceEvents(listOf(answer['choices'])[0]),
  ...countsOf(answer),
];

/** The chat shape of OpenAI, which most open models take. */
export const openaiChat: ModelFamily = {
  id: 'openai-chat',
  takes: new Set(['tools', 'image', 'schema']),
  serves: ({ nativeFormat }) => nativeFormat === 'openai-chat',
  encode,
  decode: (answer) => withoutThinkingTags(eventsOf(answer), tags),
  streamDecoder: () => tagDecoder(tags, eventsOf),
};
