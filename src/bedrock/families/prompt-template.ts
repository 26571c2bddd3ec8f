import type { Message, SystemContentBlock } from '@aws-sdk/client-bedrock-runtime';
import type { NativeRequest } from './model-family.js';

type Around = readonly [before: string, after: string];

/** How a conversation is written as one text for a model that knows no turns. */
export interface PromptTemplate {
  readonly start: string;
  readonly system: Around;
  /** The system text stands inside the first user turn. */
  readonly systemInTurn?: boolean;
  readonly user: Around;
  readonly assistant: Around;
  /** Where the model begins to write. */
  readonly open: string;
  /** Put before a turn for each image that it holds. */
  readonly image?: string;
  /** What gives a turn its meaning, and must not come from the text of a turn. */
  readonly markers: readonly RegExp[];
}

const zeroWidthSpace = '\u200b';

/** Breaks every marker inside `text`, so that nobody can write a turn that is not his. */
function neutral(text: string, markers: readonly RegExp[]): string {
  return markers.reduce(
    (current, marker) => current.replace(marker, (found) => found.slice(0, 1) + zeroWidthSpace + found.slice(1)),
    text,
  );
}

export function textOfMessage({ content }: Message): string {
  return (content ?? []).flatMap((block) => (block.text === undefined ? [] : [block.text])).join('\n');
}

export const systemText = (system: SystemContentBlock[] | undefined): string =>
  (system ?? []).flatMap((block) => (block.text === undefined ? [] : [block.text])).join('\n');

const wrap = ([before, after]: Around, text: string): string => `${before}${text}${after}`;

/** The conversation as one prompt. */
export function writePrompt({ messages, system }: NativeRequest, template: PromptTemplate): string {
  const { markers } = template;
  const instructions = neutral(systemText(system), markers);
  const before = instructions === '' ? '' : wrap(template.system, instructions);
  const firstOfUser = (messages ?? []).findIndex(({ role }) => role === 'user');
  const turns = (messages ?? []).map((message, index) => {
    const images = (message.content ?? []).filter((block) => block.image).map(() => template.image ?? '');
    const text = images.join('') + neutral(textOfMessage(message), markers);
    if (message.role === 'assistant') return wrap(template.assistant, text);
    return wrap(template.user, template.systemInTurn && index === firstOfUser ? before + text : text);
  });
  return [template.start, template.systemInTurn ? '' : before, ...turns, template.open].join('');
}
