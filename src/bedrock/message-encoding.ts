import type {
  ContentBlock as BedrockBlock,
  Message as BedrockMessage,
  ToolUseBlock,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { ContentBlock, Message } from '../core/request.js';
import { type Reasoning, replayProblem } from './reasoning-replay.js';
import { type ToolNames, toolNames } from './tool-names.js';

export interface EncodedMessages {
  readonly messages: BedrockMessage[];
  readonly notices: readonly string[];
}

const toolsAsText = 'Earlier tool calls were sent as text, because no `tools` were given with them.';

export interface MessageEncodingOptions {
  /** False: tool blocks become text, because Bedrock refuses them in a request without tools. */
  readonly withTools: boolean;
  /** Instructions for a model that has no place for system text: they go before the first user turn. */
  readonly systemText?: string;
  /** Default: names as they must be on the wire. */
  readonly names?: ToolNames;
  /** Why this reasoning cannot be given back; undefined when it can. */
  readonly reasoningProblem?: (block: Reasoning) => string | undefined;
}

/** Whether the conversation holds tool calls or their results. */
export function hasToolBlocks(messages: readonly Message[]): boolean {
  return messages.some(({ content }) => typeof content !== 'string' && content.some(isToolBlock));
}

/**
 * The conversation as Bedrock accepts it: turns of the same role merged, blank texts and turns left empty dropped,
 * document names cleaned and made unique.
 */
export function encodeMessages(given: readonly Message[], options: MessageEncodingOptions): EncodedMessages {
  const notices = new Set<string>();
  const names = { documents: new Set<string>(), tools: options.names ?? toolNames({ messages: [...given] }) };
  const messages: BedrockMessage[] = [];
  for (const { role, content } of withSystemText(given, options.systemText)) {
    const blocks = resultsFirst(blocksOf(content)).flatMap((block) => {
      const { sent, notice } = acceptable(block, options);
      if (notice !== undefined) notices.add(notice);
      return sent ? encodeBlock(sent, names) : [];
    });
    const last = messages.at(-1);
    if (blocks.length === 0) continue;
    if (last?.role === role) last.content?.push(...blocks);
    else messages.push({ role, content: blocks });
  }
  return { messages, notices: [...notices] };
}

/** The block as this request may hold it, if at all. */
function acceptable(
  block: ContentBlock,
  {
    withTools,
    reasoningProblem = (given) => replayProblem(given, given.model ?? '', undefined),
  }: MessageEncodingOptions,
): { readonly sent?: ContentBlock; readonly notice?: string } {
  if (!withTools && isToolBlock(block)) return { sent: toolBlockAsText(block), notice: toolsAsText };
  const problem = block.type === 'reasoning' ? reasoningProblem(block) : undefined;
  return problem === undefined ? { sent: block } : { notice: problem };
}

/** Models want the results of their calls before anything else that the turn says. */
function resultsFirst(blocks: readonly ContentBlock[]): readonly ContentBlock[] {
  const isResult = ({ type }: ContentBlock) => type === 'tool_result';
  return [...blocks.filter(isResult), ...blocks.filter((block) => !isResult(block))];
}

interface Names {
  readonly documents: Set<string>;
  readonly tools: ToolNames;
}

const isToolBlock = (block: ContentBlock) => block.type === 'tool_use' || block.type === 'tool_result';

function blocksOf(content: Message['content']): readonly ContentBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}

function withSystemText(messages: readonly Message[], systemText: string | undefined): readonly Message[] {
  if (systemText === undefined) return messages;
  const first = messages.findIndex(({ role }) => role === 'user');
  return messages.map((message, index) =>
    index === first
      ? { ...message, content: [{ type: 'text', text: systemText }, ...blocksOf(message.content)] }
      : message,
  );
}

function toolBlockAsText(block: ContentBlock): ContentBlock {
  if (block.type === 'tool_use')
    return { type: 'text', text: `[called ${block.name}: ${JSON.stringify(block.input)}]` };
  if (block.type === 'tool_result') {
    return { type: 'text', text: `[result${block.is_error ? ' (error)' : ''}: ${block.content}]` };
  }
  return block;
}

function encodeBlock(block: ContentBlock, names: Names): BedrockBlock[] {
  switch (block.type) {
    case 'text':
      return block.text.trim() === '' ? [] : [{ text: block.text }];
    case 'image':
      return [{ image: { format: block.format, source: { bytes: bytes(block.data) } } }];
    case 'document': {
      const name = documentName(block.name, names.documents);
      return [{ document: { format: block.format, name, source: { bytes: bytes(block.data) } } }];
    }
    case 'video':
      return [{ video: { format: block.format, source: { bytes: bytes(block.data) } } }];
    case 'audio':
      return [{ audio: { format: block.format, source: { bytes: bytes(block.data) } } }];
    case 'file':
      throw new ServiceError('internal', 'A file was to be sent that nobody had read.');
    case 'tool_use': {
      const input = block.input as NonNullable<ToolUseBlock['input']>;
      return [{ toolUse: { toolUseId: names.tools.idToWire(block.id), name: names.tools.toWire(block.name), input } }];
    }
    case 'tool_result':
      return [encodeToolResult(block, names.tools)];
    case 'reasoning':
      return encodeReasoning(block);
  }
}

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

/** Bedrock takes letters, digits, single spaces, hyphens, parentheses and brackets, and each name once. */
function documentName(given: string, taken: Set<string>): string {
  const clean = given
    .replace(/[^a-zA-Z0-9\-()[\] ]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, 190);
  const base = clean === '' ? 'document' : clean;
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base} (${number})`;
  taken.add(name);
  return name;
}

function encodeToolResult(block: Extract<ContentBlock, { type: 'tool_result' }>, names: ToolNames): BedrockBlock {
  // An empty result is accepted, an empty error is not.
  const text = block.content.trim() === '' && block.is_error ? 'failed without a message' : block.content;
  return {
    toolResult: {
      toolUseId: names.idToWire(block.tool_use_id),
      content: text.trim() === '' ? [] : [{ text }],
      ...(block.is_error && { status: 'error' as const }),
    },
  };
}

function encodeReasoning({ text, signature, redacted }: Reasoning): BedrockBlock[] {
  const blocks: BedrockBlock[] = [];
  if (signature !== undefined) {
    blocks.push({ reasoningContent: { reasoningText: { text: text ?? '', signature } } });
  }
  if (redacted !== undefined) blocks.push({ reasoningContent: { redactedContent: bytes(redacted) } });
  return blocks;
}
