import type { Message, ModelRequest, Task } from '../core/request.js';
import type { Classification } from '../core/routing.js';
import type { Classifier } from './classifier.js';

const cues: readonly (readonly [Task, RegExp])[] = [
  ['code', /```|\b(?:code|function|class|bug|python|javascript|typescript|java|sql|regex|api|compile|refactor)\b/giu],
  ['reasoning', /\b(?:prove|proof|calculate|how many|why|step by step|derive|logic|puzzle|probability|solve)\b/giu],
];
const windowCharacters = 2_000;

/** A stand-in with the interface of the trained classifier: counts cue words in the last user message. */
export function createKeywordClassifier(): Classifier {
  return {
    classify: (request) => {
      const text = lastText(request).slice(0, windowCharacters);
      const counts = cues.map(([task, cue]) => ({ task, hits: text.match(cue)?.length ?? 0 }));
      const best = counts.toSorted((left, right) => right.hits - left.hits)[0];
      const found = best !== undefined && best.hits > 0 ? best : { task: 'general' as const, hits: 0 };
      return request.task === undefined ? judged(found.task, found.hits, text) : judged(request.task, 9, text);
    },
  };
}

function judged(task: Task, hits: number, text: string): Classification {
  const score = Math.min(1, 0.2 + text.length / windowCharacters);
  const level = score < 0.35 ? 'simple' : score < 0.7 ? 'medium' : 'complex';
  return { task, confidence: 1 - 1 / (2 + hits), complexity: { score, level }, signals: [`${hits} cue words`] };
}

function lastText({ messages }: ModelRequest): string {
  const content: Message['content'] = messages.at(-1)?.content ?? '';
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
}
