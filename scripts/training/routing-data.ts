import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Task, tasks } from '../../src/core/request.js';

export interface LabelledPrompt {
  readonly id: string;
  readonly prompt: string;
  readonly task: Task;
  readonly source?: string;
}

export interface GradedPrompt {
  readonly bench: string;
  readonly prompt: string;
  /** Model → 0 to 1. */
  readonly scores: Readonly<Record<string, number>>;
}

function readLines<Row>(path: string): readonly Row[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as Row);
}

/** Lines `{id, prompt, task}`; throws on a line of another shape. */
export function readLabelled(path: string): readonly LabelledPrompt[] {
  const rows = readLines<LabelledPrompt>(path);
  const wrong = rows.findIndex((row) => typeof row.prompt !== 'string' || !tasks.includes(row.task));
  if (wrong >= 0) throw new Error(`${path}, line ${wrong + 1}: no prompt or no known task`);
  return rows;
}

export const readDev = (folder: string): readonly LabelledPrompt[] => readLabelled(join(folder, 'routing-dev.jsonl'));
export const readQuality = (folder: string): readonly GradedPrompt[] =>
  readLines(join(folder, 'routing-quality-dev.jsonl'));

/** Sources that share prompts or translations of them are held out together, else a fold would know its answers. */
const families: Readonly<Record<string, string>> = {
  'humaneval-xl': 'humaneval',
  'vicuna-multilingual': 'vicuna',
  'vicuna-bench': 'vicuna',
  'self-instruct-seeds': 'self-instruct',
  'self-instruct-user-oriented': 'self-instruct',
  'gsm8k-train': 'gsm8k',
  mgsm: 'gsm8k',
};

export function groupOf({ source = 'unknown' }: LabelledPrompt): string {
  const name = source.split(':', 1)[0] ?? source;
  return families[name] ?? name;
}

/** Prompts written for this project: lines `slice|task|prompt`, `#` for remarks. */
export function readOwn(path: URL): readonly LabelledPrompt[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line, index) => {
      const [slice = '', task = '', ...prompt] = line.split('|');
      return { id: `own-${index}`, prompt: prompt.join('|'), task: task as Task, source: `own-${slice}` };
    });
}
