import type {
  ContentBlock as BedrockBlock,
  Message as BedrockMessage,
  ToolUseBlock,
} from '@aws-sdk/client-bedrock-runtime';
import type { ContentBlock, Message } from '../core/request.js';

export interface EncodedMessages {
  readonly messages: BedrockMessage[];
  readonly notices: readonly string[];
}

const unsignedReasoning = 'Reasoning without its signature was left out: a model takes back only what it signed.';
const toolsAsText = 'Earlier tool calls were sent as text, because no `tools` were given with them.';

export interface MessageEncodingOptions {
  /** False: tool blocks become text, because Bedrock refuses them in a request without tools. */
  readonly withTools: boolean;
  /** Instructions for a model that has no place for system text: they go before the first user turn. */
  readonly systemText?: string;
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
  const names = new Set<string>();
  const messages: BedrockMessage[] = [];
  for (const { role, content } of withSystemText(given, options.systemText)) {
    const blocks = blocksOf(content).flatMap((block) => {
      if (block.type === 'reasoning' && !isSigned(block)) notices.add(unsignedReasoning);
      if (!options.withTools && isToolBlock(block)) notices.add(toolsAsText);
      return encodeBlock(options.withTools ? block : toolBlockAsText(block), names);
    });
    const last = messages.at(-1);
    if (blocks.length === 0) continue;
    if (last?.role === role) last.content?.push(...blocks);
    else messages.push({ role, content: blocks });
  }
  return { messages, notices: [...notices] };
}

const isToolBlock = (block: ContentBlock) => block.type === 'tool_use' || block.type === 'tool_result';

type Reasoning = Extract<ContentBlock, { type: 'reasoning' }>;
const isSigned = ({ signature, redacted }: Reasoning) => signature !== undefined || redacted !== undefined;

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

function encodeBlock(block: ContentBlock, names: Set<string>): BedrockBlock[] {
  switch (block.type) {
    case 'text':
      return block.text.trim() === '' ? [] : [{ text: block.text }];
    case 'image':
      return [{ image: { format: block.format, source: { bytes: bytes(block.data) } } }];
    case 'document': {
      const name = documentName(block.name, names);
      return [{ document: { format: block.format, name, source: { bytes: bytes(block.data) } } }];
    }
    case 'tool_use': {
      const input = block.input as NonNullable<ToolUseBlock['input']>;
      return [{ toolUse: { toolUseId: block.id, name: block.name, input } }];
    }
    case 'tool_result':
      return [encodeToolResult(block)];
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

function encodeToolResult(block: Extract<ContentBlock, { type: 'tool_result' }>): BedrockBlock {
  // An empty result is accepted, an empty error is not.
  const text = block.content.trim() === '' && block.is_error ? 'failed without a message' : block.content;
  return {
    toolResult: {
      toolUseId: block.tool_use_id,
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
