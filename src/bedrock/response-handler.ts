import type {
  ConverseStreamMetadataEvent,
  ConverseStreamOutput,
  MessageStopEvent,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { ContentBlock, RoutedRequest } from '../core/request.js';
import { type ModelResponse, type StopReason, stopReasons, type Usage } from '../core/response.js';
import type { Target } from '../core/target.js';
import { estimateInputTokens, estimateTextTokens } from '../core/token-estimate.js';
import { closeBlocks, extendBlock, type OpenBlock, openBlock, rawText, unknownPiece } from './answer-blocks.js';
import { answerFacts } from './answer-metadata.js';
import type { AnswerDecoding } from './converse-request.js';
import { guardrailNotice } from './guardrails.js';
import { estimatedUsage, type TokenEstimate } from './token-usage.js';

/** What the events of one answer come to. */
export type GatheredAnswer = Pick<
  ModelResponse,
  'content' | 'stopReason' | 'usage' | 'served' | 'notices' | 'additionalFields'
>;

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

export interface ResponseHandlerOptions {
  readonly request: RoutedRequest;
  /** Default: nothing was changed on the way there. */
  readonly decoding?: AnswerDecoding;
  readonly onText?: (text: string) => void;
  readonly onPreview?: (text: string) => void;
}

const emptyAnswer = 'The model ended its turn without saying anything.';

const untouched: AnswerDecoding = { names: { fromWire: (name) => name } };

export function createResponseHandler(options: ResponseHandlerOptions): ResponseHandler {
  const { request, onText, onPreview, decoding = untouched } = options;
  const blocks = new Map<string, OpenBlock>();
  const notices = new Set<string>();
  let stop: MessageStopEvent | undefined;
  let metadata: Partial<ConverseStreamMetadataEvent> = {};
  let textHandedOn = false;

  const handOn = (text: string) => {
    if (text !== '') onPreview?.(text);
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
      return stop !== undefined;
    },
    get textHandedOn() {
      return textHandedOn;
    },
    add: (event) => {
      if (event.messageStop) stop = event.messageStop;
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
      if (stop === undefined) throw truncated(request.target);
      const open = withoutCarrier([...blocks.values()], decoding);
      return gathered({ request, decoding, open, stop, metadata, estimate, notices });
    },
  };
}

/** All that came of one answer. */
interface Arrived {
  readonly request: RoutedRequest;
  readonly decoding: AnswerDecoding;
  readonly open: readonly OpenBlock[];
  readonly stop: MessageStopEvent;
  readonly metadata: Partial<ConverseStreamMetadataEvent>;
  readonly estimate: () => TokenEstimate;
  readonly notices: Set<string>;
}

function gathered(arrived: Arrived): GatheredAnswer {
  const { request, decoding, open, stop, metadata, notices } = arrived;
  const stopReason: string = stop.stopReason ?? 'unknown';
  const ended = knownStopReason(stopReason);
  const { usage, served, notices: told } = answerFacts(metadata, request, arrived.estimate);
  const content = closeBlocks(open, ended, notices, request.target).map((block) => decoded(block, decoding, served));
  if (blocked.includes(ended)) refuseIfEmpty(content, ended, metadata, request.target);
  for (const notice of [...told, ...stopNotices(stopReason, content, metadata)]) notices.add(notice);
  return {
    content,
    stopReason: stopAfter(ended, content, decoding),
    usage,
    served,
    notices: [...notices],
    ...additionalFields(stop),
  };
}

/** A document of AWS, which is JSON and nothing else. */
function additionalFields({ additionalModelResponseFields: fields }: MessageStopEvent) {
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  return isObject ? { additionalFields: fields as Readonly<Record<string, unknown>> } : {};
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
