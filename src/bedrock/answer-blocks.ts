import type { ContentBlockDelta, ContentBlockStart, ReasoningContentBlockDelta } from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { ContentBlock } from '../core/request.js';
import type { StopReason } from '../core/response.js';
import type { Target } from '../core/target.js';

/* The blocks of an answer while they arrive, and when they are whole. */

export type OpenBlock =
  | { readonly type: 'text'; text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; json: string }
  | { readonly type: 'reasoning'; text: string; signature: string; redacted: Uint8Array[] }
  | { readonly type: 'image'; readonly format: string; bytes: Uint8Array[] };

const cutToolCall = 'A tool call was cut off by max_tokens and left out; raise max_tokens.';
export const unknownPiece = 'The model returned content of a kind that this server cannot pass on; it was left out.';

/** Kinds share an index only when a model misnumbers its blocks; they are kept apart all the same. */
const blockKey = (index: number | undefined, type: OpenBlock['type']) => `${index ?? 0}:${type}`;

export function openBlock(blocks: Map<string, OpenBlock>, index: number | undefined, start: ContentBlockStart): void {
  if (start.toolUse) {
    const { toolUseId = '', name = '' } = start.toolUse;
    blocks.set(blockKey(index, 'tool_use'), { type: 'tool_use', id: toolUseId, name, json: '' });
  }
  if (start.image) {
    blocks.set(blockKey(index, 'image'), { type: 'image', format: start.image.format ?? '', bytes: [] });
  }
}

/** False when the delta is of a kind that has no place in our answer. */
export function extendBlock(
  blocks: Map<string, OpenBlock>,
  index: number | undefined,
  delta: ContentBlockDelta,
): boolean {
  if (delta.text !== undefined) {
    block(blocks, index, { type: 'text', text: '' }).text += delta.text;
    return true;
  }
  if (delta.reasoningContent) {
    const reasoning = block(blocks, index, { type: 'reasoning', text: '', signature: '', redacted: [] });
    extendReasoning(reasoning, delta.reasoningContent);
    return true;
  }
  const open = blocks.get(blockKey(index, delta.toolUse ? 'tool_use' : 'image'));
  if (delta.toolUse && open?.type === 'tool_use') {
    open.json += delta.toolUse.input ?? '';
    return true;
  }
  if (delta.image?.source?.bytes && open?.type === 'image') {
    open.bytes.push(delta.image.source.bytes);
    return true;
  }
  return false;
}

function block<Kind extends OpenBlock>(blocks: Map<string, OpenBlock>, index: number | undefined, empty: Kind): Kind {
  const key = blockKey(index, empty.type);
  const open = blocks.get(key) ?? empty;
  blocks.set(key, open);
  return open as Kind;
}

function extendReasoning(
  open: Extract<OpenBlock, { type: 'reasoning' }>,
  { text, signature, redactedContent }: ReasoningContentBlockDelta,
): void {
  open.text += text ?? '';
  open.signature += signature ?? '';
  if (redactedContent) open.redacted.push(redactedContent);
}

const base64 = (parts: readonly Uint8Array[]) => Buffer.concat(parts).toString('base64');

/** What the model has written in a block so far, for an estimate of its size. */
export function rawText(open: OpenBlock): string {
  if (open.type === 'tool_use') return open.name + open.json;
  return open.type === 'image' ? '' : open.text;
}

/** @throws ServiceError model_error, invalid_answer, for a tool call that cannot be read. */
export function closeBlocks(
  open: readonly OpenBlock[],
  stopReason: StopReason,
  notices: Set<string>,
  target: Target,
): ContentBlock[] {
  return open.flatMap((entry): ContentBlock[] => {
    if (entry.type === 'text') return entry.text === '' ? [] : [{ type: 'text', text: entry.text }];
    if (entry.type === 'reasoning') return closeReasoning(entry);
    if (entry.type === 'image') return closeImage(entry, notices);
    const input = toolInput(entry.json);
    if (input) return [{ type: 'tool_use', id: entry.id, name: entry.name, input }];
    if (stopReason !== 'max_tokens') throw unreadableToolCall(target);
    notices.add(cutToolCall);
    return [];
  });
}

function closeReasoning({ text, signature, redacted }: Extract<OpenBlock, { type: 'reasoning' }>): ContentBlock[] {
  if (text === '' && signature === '' && redacted.length === 0) return [];
  return [
    {
      type: 'reasoning',
      ...(text !== '' && { text }),
      ...(signature !== '' && { signature }),
      ...(redacted.length > 0 && { redacted: base64(redacted) }),
    },
  ];
}

const imageFormats = ['png', 'jpeg', 'gif', 'webp'] as const;

function closeImage({ format, bytes }: Extract<OpenBlock, { type: 'image' }>, notices: Set<string>): ContentBlock[] {
  const known = imageFormats.find((name) => name === format);
  if (known && bytes.length > 0) return [{ type: 'image', format: known, data: base64(bytes) }];
  notices.add(unknownPiece);
  return [];
}

/** A tool without arguments streams no input at all. */
function toolInput(json: string): Record<string, unknown> | undefined {
  if (json.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function unreadableToolCall(target: Target): ServiceError {
  return new ServiceError('model_error', 'The model asked for a tool with arguments that are no JSON object.', {
    reason: 'invalid_answer',
    target,
  });
}
