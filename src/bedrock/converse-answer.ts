import type {
  ContentBlock,
  ConverseCommandOutput,
  ConverseStreamMetadataEvent,
  ConverseStreamOutput,
  MessageStopEvent,
  ReasoningContentBlockDelta,
} from '@aws-sdk/client-bedrock-runtime';
import { ServiceError } from '../core/errors.js';
import type { Target } from '../core/target.js';

/**
 * A plain Converse answer as the events that a stream would have brought, so that one response handler serves both.
 * @throws ServiceError model_error, invalid_answer, when there is no message in it.
 */
export function eventsOf(answer: ConverseCommandOutput, target: Target): ConverseStreamOutput[] {
  const message = answer.output?.message;
  if (!message) {
    throw new ServiceError('model_error', 'Bedrock answered without a message of the model.', {
      reason: 'invalid_answer',
      target,
    });
  }
  return [
    ...(message.content ?? []).flatMap(blockEvents),
    { messageStop: stopOf(answer) },
    { metadata: metadataOf(answer) },
  ];
}

function stopOf({ stopReason, additionalModelResponseFields }: ConverseCommandOutput): MessageStopEvent {
  return { stopReason, ...(additionalModelResponseFields !== undefined && { additionalModelResponseFields }) };
}

function metadataOf(answer: ConverseCommandOutput): ConverseStreamMetadataEvent {
  const { usage, trace, serviceTier, performanceConfig } = answer;
  return {
    usage,
    metrics: undefined,
    ...(trace && { trace }),
    ...(serviceTier && { serviceTier }),
    ...(performanceConfig && { performanceConfig }),
  };
}

/** One block of a whole answer as events. */
export function blockEvents(block: ContentBlock, contentBlockIndex: number): ConverseStreamOutput[] {
  const at = { contentBlockIndex };
  if (block.text !== undefined) return [{ contentBlockDelta: { ...at, delta: { text: block.text } } }];
  if (block.reasoningContent) {
    return [{ contentBlockDelta: { ...at, delta: { reasoningContent: reasoningDelta(block.reasoningContent) } } }];
  }
  if (block.toolUse) {
    const { toolUseId, name, input } = block.toolUse;
    return [
      { contentBlockStart: { ...at, start: { toolUse: { toolUseId, name } } } },
      { contentBlockDelta: { ...at, delta: { toolUse: { input: JSON.stringify(input ?? {}) } } } },
    ];
  }
  if (block.image) {
    const bytes = block.image.source?.bytes;
    return [
      { contentBlockStart: { ...at, start: { image: { format: block.image.format } } } },
      { contentBlockDelta: { ...at, delta: { image: { ...(bytes && { source: { bytes } }) } } } },
    ];
  }
  if (block.citationsContent) {
    const text = (block.citationsContent.content ?? []).map((part) => part.text ?? '').join('');
    return [{ contentBlockDelta: { ...at, delta: { text } } }];
  }
  // A kind without a place in our answer: a delta of no known kind makes the response handler say so.
  return [{ contentBlockDelta: { ...at, delta: { $unknown: ['block', undefined] } } }];
}

function reasoningDelta(content: NonNullable<ContentBlock['reasoningContent']>): ReasoningContentBlockDelta {
  const { reasoningText, redactedContent } = content;
  // One delta may carry several fields on our side only; the wire has one at a time.
  return {
    ...(reasoningText?.text !== undefined && { text: reasoningText.text }),
    ...(reasoningText?.signature !== undefined && { signature: reasoningText.signature }),
    ...(redactedContent && { redactedContent }),
  } as ReasoningContentBlockDelta;
}
