import type { ConverseStreamOutput } from '@aws-sdk/client-bedrock-runtime';
import { reasoningEvent, textEvent } from './events.js';

export interface ThinkingTags {
  readonly open: string;
  readonly close: string;
  /** The prompt ended inside the thinking, so the answer begins there. */
  readonly startsInside?: boolean;
}

/** Index for the reasoning that was found in text; kinds of content are kept apart, so any will do. */
const reasoningIndex = 0;

/** The longest end of `text` that may be the beginning of `tag`. */
function partialTag(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (tag.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

/**
 * Takes thinking that a model writes into its text, between tags at the very start, out of it and hands it on as
 * reasoning. `add` takes the events that do not pass; `flush` gives what was held back when the answer ends.
 */
export function createThinkingFilter(tags: ThinkingTags) {
  let state: 'start' | 'inside' | 'after' = tags.startsInside ? 'inside' : 'start';
  let held = '';

  const start = (text: string): ConverseStreamOutput[] => {
    const trimmed = text.trimStart();
    if (trimmed.startsWith(tags.open)) {
      state = 'inside';
      return inside(trimmed.slice(tags.open.length));
    }
    if (tags.open.startsWith(trimmed)) {
      held = text;
      return [];
    }
    state = 'after';
    return [textEvent(text)];
  };
  const inside = (text: string): ConverseStreamOutput[] => {
    const end = text.indexOf(tags.close);
    if (end >= 0) {
      state = 'after';
      const rest = text.slice(end + tags.close.length).trimStart();
      return [...reasoned(text.slice(0, end)), ...(rest === '' ? [] : [textEvent(rest)])];
    }
    const keep = partialTag(text, tags.close);
    held = text.slice(text.length - keep);
    return reasoned(text.slice(0, text.length - keep));
  };
  const reasoned = (text: string) => (text === '' ? [] : [reasoningEvent(text, reasoningIndex)]);

  return {
    /** Whether the event goes on as it is. */
    passes: (event: ConverseStreamOutput): boolean =>
      state === 'after' || event.contentBlockDelta?.delta?.text === undefined,
    add: (event: ConverseStreamOutput): readonly ConverseStreamOutput[] => {
      const whole = held + (event.contentBlockDelta?.delta?.text ?? '');
      held = '';
      return state === 'inside' ? inside(whole) : start(whole);
    },
    flush: (): readonly ConverseStreamOutput[] => {
      const text = held;
      held = '';
      if (text === '') return [];
      return [state === 'inside' ? reasoningEvent(text, reasoningIndex) : textEvent(text)];
    },
  };
}

/** Feeds one event after the other through a filter; what it held back comes out before the stop. */
export type ThinkingSplit = (event: ConverseStreamOutput, take: (event: ConverseStreamOutput) => void) => void;

export function thinkingSplit(tags: ThinkingTags): ThinkingSplit {
  const filter = createThinkingFilter(tags);
  return (event, take) => {
    if (event.messageStop) {
      for (const held of filter.flush()) take(held);
      take(event);
    } else if (filter.passes(event)) take(event);
    else for (const part of filter.add(event)) take(part);
  };
}

/** The events of a whole answer with its tagged thinking as reasoning. */
export function withoutThinkingTags(
  events: readonly ConverseStreamOutput[],
  tags: ThinkingTags,
): readonly ConverseStreamOutput[] {
  return tagDecoder(tags, () => events)(undefined);
}

/** A decoder whose events go through the filter. */
export function tagDecoder<Chunk>(
  tags: ThinkingTags,
  decode: (chunk: Chunk) => readonly ConverseStreamOutput[],
): (chunk: Chunk) => readonly ConverseStreamOutput[] {
  const split = thinkingSplit(tags);
  return (chunk) => {
    const events: ConverseStreamOutput[] = [];
    for (const event of decode(chunk)) split(event, (part) => events.push(part));
    return events;
  };
}
