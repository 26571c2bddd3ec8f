import type {
  ContentBlockDelta,
  ContentBlockStart,
  ConverseStreamMetadataEvent,
  ConverseStreamOutput,
  ReasoningContentBlockDelta,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { ContentBlock, RoutedRequest } from '../core/request.js';
import { type ModelResponse, type StopReason, stopReasons, type Usage } from '../core/response.js';
import type { Target } from '../core/target.js';
import { estimateInputTokens, estimateTextTokens } from '../core/token-estimate.js';
import { answerFacts } from './answer-metadata.js';
import type { AnswerDecoding } from './converse-request.js';
import { guardrailNotice } from './guardrails.js';
import { estimatedUsage, type TokenEstimate } from './token-usage.js';

/** What the events of one answer come to. */
export type GatheredAnswer = Pick<ModelResponse, 'content' | 'stopReason' | 'usage' | 'served' | 'notices'>;

/** Gathers the events of one answer; pure but for `onText`. */
export interface ResponseHandler {
  /** Takes the next event; true when it brought a piece of the answer. */
  add(event: ConverseStreamOutput): boolean;
  /** True once the model said that it has ended. */
  readonly ended: boolean;
  /** True once text went to the caller. */
  readonly textHandedOn: boolean;
  /** What an answer that failed has used: as reported, or estimated when it never came to its end. */
  usageSoFar(): Usage;
  /** What the model has written so far. */
  textSoFar(): string;
  /**
   * @throws ServiceError model_error when the answer has no end or cannot be read, content_filtered when nothing is left
   * of it.
   */
  finish(): GatheredAnswer;
}

type OpenBlock =
  | { readonly type: 'text'; text: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; json: string }
  | { readonly type: 'reasoning'; text: string; signature: string; redacted: Uint8Array[] }
  | { readonly type: 'image'; readonly format: string; bytes: Uint8Array[] };

export interface ResponseHandlerOptions {
  readonly request: RoutedRequest;
  /** Default: nothing was changed on the way there. */
  readonly decoding?: AnswerDecoding;
  readonly onText?: (text: string) => void;
}

const cutToolCall = 'A tool call was cut off by max_tokens and left out; raise max_tokens.';
const unknownPiece = 'The model returned content of a kind that this server cannot pass on; it was left out.';
const emptyAnswer = 'The model ended its turn without saying anything.';

const untouched: AnswerDecoding = { names: { fromWire: (name) => name } };

export function createResponseHandler(options: ResponseHandlerOptions): ResponseHandler {
  const { request, onText, decoding = untouched } = options;
  const blocks = new Map<string, OpenBlock>();
  const notices = new Set<string>();
  let stopReason: string | undefined;
  let metadata: Partial<ConverseStreamMetadataEvent> = {};
  let textHandedOn = false;

  const handOn = (text: string) => {
    if (!onText || text === '') return;
    textHandedOn = true;
    onText(text);
  };
  const estimate = (): TokenEstimate => ({
    inputTokens: estimateInputTokens(request),
    outputTokens: estimateTextTokens([...blocks.values()].map(rawText).join('')),
  });

  return {
    get ended() {
      return stopReason !== undefined;
    },
    get textHandedOn() {
      return textHandedOn;
    },
    add: (event) => {
      if (event.messageStop) stopReason = event.messageStop.stopReason ?? 'unknown';
      if (event.metadata) metadata = event.metadata;
      if (event.contentBlockStart?.start) {
        openBlock(blocks, event.contentBlockStart.contentBlockIndex, event.contentBlockStart.start);
      }
      const delta = event.contentBlockDelta?.delta;
      if (!delta) return event.contentBlockStart !== undefined;
      if (delta.text !== undefined) handOn(delta.text);
      if (!extendBlock(blocks, event.contentBlockDelta?.contentBlockIndex, delta)) notices.add(unknownPiece);
      return true;
    },
    usageSoFar: () => (metadata.usage ? answerFacts(metadata, request, estimate).usage : estimatedUsage(estimate())),
    textSoFar: () =>
      withoutCarrier([...blocks.values()], decoding)
        .map((open) => (open.type === 'text' ? open.text : ''))
        .join(''),
    finish: () => {
      if (stopReason === undefined) throw truncated(request.target);
      const ended = knownStopReason(stopReason);
      const facts = answerFacts(metadata, request, estimate);
      const open = withoutCarrier([...blocks.values()], decoding);
      const content = closeBlocks(open, ended, notices, request.target).map((block) =>
        decoded(block, decoding, facts.served),
      );
      if (blocked.includes(ended)) refuseIfEmpty(content, ended, metadata, request.target);
      for (const notice of [...facts.notices, ...stopNotices(stopReason, content, metadata)]) notices.add(notice);
      const { usage, served } = facts;
      return { content, stopReason: stopAfter(ended, content, decoding), usage, served, notices: [...notices] };
    },
  };
}

const knownStopReason = (value: string): StopReason => stopReasons.find((reason) => reason === value) ?? 'unknown';

/**
 * The input of the tool that carries the answer, as the text that it is: broken or cut short, it is still what the model
 * wrote. What the model says around it is no part of the answer.
 */
function withoutCarrier(open: readonly OpenBlock[], { answerTool }: AnswerDecoding): readonly OpenBlock[] {
  const carriesAnswer = (block: OpenBlock) => block.type === 'tool_use' && block.name === answerTool;
  if (!open.some(carriesAnswer)) return open;
  return open
    .filter(({ type }) => type !== 'text')
    .map((block) => (block.type === 'tool_use' && carriesAnswer(block) ? { type: 'text', text: block.json } : block));
}

/** The block as the caller knows it: with its own tool names. */
function decoded(block: ContentBlock, { names }: AnswerDecoding, { model }: Target): ContentBlock {
  // Only what is signed can ever be given back, and only to the model that signed it.
  if (block.type === 'reasoning') return (block.signature ?? block.redacted) ? { ...block, model } : block;
  return block.type === 'tool_use' ? { ...block, name: names.fromWire(block.name) } : block;
}

/** A turn that ended in the tool which carries the answer has simply ended. */
function stopAfter(ended: StopReason, content: readonly ContentBlock[], { answerTool }: AnswerDecoding): StopReason {
  const hasEnded = answerTool !== undefined && !content.some(({ type }) => type === 'tool_use');
  return ended === 'tool_use' && hasEnded ? 'end_turn' : ended;
}

const blocked: readonly StopReason[] = ['guardrail_intervened', 'content_filtered'];

function refuseIfEmpty(
  content: readonly ContentBlock[],
  ended: StopReason,
  { trace }: Partial<ConverseStreamMetadataEvent>,
  target: Target,
): void {
  if (content.length > 0) return;
  const byGuardrail = ended === 'guardrail_intervened';
  const message = byGuardrail
    ? guardrailNotice(trace?.guardrail)
    : `The provider of ${target.model} filtered the answer.`;
  throw new ServiceError('content_filtered', message, { ...(byGuardrail && { reason: 'guardrail' }), target });
}

function stopNotices(
  stopReason: string,
  content: readonly ContentBlock[],
  { trace }: Partial<ConverseStreamMetadataEvent>,
): string[] {
  if (stopReason === 'guardrail_intervened') return [guardrailNotice(trace?.guardrail)];
  if (stopReason === 'end_turn' && content.length === 0) return [emptyAnswer];
  if (knownStopReason(stopReason) !== 'unknown' || stopReason === 'unknown') return [];
  return [
    `The model stopped for a reason that this server does not know: ${stopReason.replace(/\W/g, '').slice(0, 64)}.`,
  ];
}

function truncated(target: Target): ServiceError {
  return new ServiceError('model_error', 'The answer of the model broke off before its end.', {
    reason: 'stream_truncated',
    target,
  });
}

/** Kinds share an index only when a model misnumbers its blocks; they are kept apart all the same. */
const blockKey = (index: number | undefined, type: OpenBlock['type']) => `${index ?? 0}:${type}`;

function openBlock(blocks: Map<string, OpenBlock>, index: number | undefined, start: ContentBlockStart): void {
  if (start.toolUse) {
    const { toolUseId = '', name = '' } = start.toolUse;
    blocks.set(blockKey(index, 'tool_use'), { type: 'tool_use', id: toolUseId, name, json: '' });
  }
  if (start.image) {
    blocks.set(blockKey(index, 'image'), { type: 'image', format: start.image.format ?? '', bytes: [] });
  }
}

/** False when the delta is of a kind that has no place in our answer. */
function extendBlock(blocks: Map<string, OpenBlock>, index: number | undefined, delta: ContentBlockDelta): boolean {
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

function rawText(open: OpenBlock): string {
  if (open.type === 'tool_use') return open.name + open.json;
  return open.type === 'image' ? '' : open.text;
}

function closeBlocks(
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
