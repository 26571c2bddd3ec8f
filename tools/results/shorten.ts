import type { AnswerLink } from '../../src/core/answers.js';
import type { InvocationResult } from './invocation.js';

/** Never between the halves of a surrogate pair. */
function headOf(text: string, length: number): string {
  const head = text.slice(0, length);
  return /[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head;
}

/** The answer with at most `limit` characters of text, and a notice where the whole is. */
export function shorten(whole: InvocationResult, limit: number, { uri }: AnswerLink): InvocationResult {
  let left = limit;
  const content = whole.content.map((block) => {
    if (block.type !== 'text') return block;
    const text = headOf(typeof block['text'] === 'string' ? block['text'] : '', left);
    left -= text.length;
    return { ...block, text };
  });
  const notice = `cut to ${limit} of ${whole.text.length} characters, the whole is at ${uri}`;
  return { ...whole, content, text: headOf(whole.text, limit), notices: [...whole.notices, notice] };
}
