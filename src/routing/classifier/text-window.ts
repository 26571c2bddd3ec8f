import type { Message, ModelRequest } from '../../core/request.js';

/** Characters read from the start and from the end of a long text: the request itself stands at one of them. */
const headCharacters = 1_400;
const tailCharacters = 600;
export const windowCharacters = headCharacters + tailCharacters;

/** What is looked at of a text, and how long the text is. */
export interface TextWindow {
  readonly text: string;
  readonly length: number;
}

/** The part of a text that is looked at: bounded, whatever the length of the text. */
export function textWindow(text: string): TextWindow {
  if (text.length <= windowCharacters) return { text, length: text.length };
  return { text: `${text.slice(0, headCharacters)}${text.slice(-tailCharacters)}`, length: text.length };
}

/** The text of one message, of several text blocks the windows of each. */
export function messageWindow({ content }: Message): TextWindow {
  return typeof content === 'string'
    ? textWindow(content)
    : joinWindows(content.map((block) => (block.type === 'text' ? block.text : '')));
}

/** What the user wrote before the last message, newest first, and the system text: context for a short last message. */
export function contextWindow({ messages, system }: ModelRequest): TextWindow {
  const earlier: string[] = [];
  let characters = 0;
  for (let index = messages.length - 2; index >= 0 && characters < windowCharacters; index -= 1) {
    const message = messages[index];
    if (message?.role !== 'user') continue;
    const { text } = messageWindow(message);
    earlier.push(text);
    characters += text.length;
  }
  return joinWindows([...earlier, system ?? '']);
}

function joinWindows(texts: readonly string[]): TextWindow {
  const windows = texts.filter((text) => text !== '').map(textWindow);
  const { text } = textWindow(windows.map((window) => window.text).join('\n'));
  return { text, length: windows.reduce((sum, window) => sum + window.length, 0) };
}
