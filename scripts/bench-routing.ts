/*
 * Measures the task classifier on a labelled file of lines `{id, prompt, task}`:
 * `npx tsx scripts/bench-routing.ts --file FILE [--graded FILE --weak MODEL --strong MODEL] [--json OUT]`.
 * A graded file has lines `{bench, prompt, scores: {model: 0..1}}` and gives the cost-quality curve.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { modelRequest } from '../src/core/request.js';
import { createTrainedClassifier } from '../src/routing/trained-classifier.js';
import { apgr, callsForGap, type Figures, figuresOf, type Gradable, type Judged } from './training/measures.js';
import { type GradedPrompt, type LabelledPrompt, readLabelled } from './training/routing-data.js';

const { values } = parseArgs({
  options: {
    file: { type: 'string' },
    graded: { type: 'string' },
    weak: { type: 'string', default: 'mistral-7b-instruct-v0.3' },
    strong: { type: 'string', default: 'llama-3.1-nemotron-51b-instruct' },
    json: { type: 'string' },
  },
});
if (values.file === undefined)
  throw new Error('usage: npx tsx scripts/bench-routing.ts --file FILE [--graded FILE] [--json OUT]');

const classifier = createTrainedClassifier();
const classify = (prompt: string) => classifier.classify({ messages: [{ role: 'user', content: prompt }] });
const rows = readLabelled(values.file);
const report = {
  file: rows.length,
  slices: slicesOf(rows),
  unchanged: unchangedUnderNoise(rows),
  decisionMicroseconds: decisionTimes(rows),
  ...(values.graded === undefined ? {} : { costQuality: costQuality(values.graded, values.weak, values.strong) }),
};
print();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);

function judge({ prompt, task }: LabelledPrompt): Judged {
  const found = classify(prompt);
  return { expected: task, chosen: found.task, confidence: found.confidence };
}

function slicesOf(labelled: readonly LabelledPrompt[]): Record<string, Figures> {
  const slices: Record<string, LabelledPrompt[]> = { all: [...labelled] };
  const put = (name: string, row: LabelledPrompt) => {
    slices[name] ??= [];
    slices[name].push(row);
  };
  for (const row of labelled) {
    put(`length ${lengthName(row.prompt)}`, row);
    put(/[^\s!-\u024f\u2000-\u2bff\ud800-\udfff]/.test(row.prompt) ? 'other script' : 'Latin script', row);
    if (row.source !== undefined) put(`source ${row.source.split(':', 1)[0]}`, row);
  }
  return Object.fromEntries(
    Object.entries(slices)
      .toSorted(([left], [right]) => Number(right === 'all') - Number(left === 'all') || left.localeCompare(right))
      .map(([name, members]) => [name, figuresOf(members.map(judge))]),
  );
}

function lengthName(prompt: string): string {
  if (prompt.length <= 20) return 'up to 20';
  if (prompt.length <= 200) return 'up to 200';
  return prompt.length <= 2_000 ? 'up to 2,000' : 'above 2,000';
}

/** Share of choices that stay when a prompt is written a little differently. */
function unchangedUnderNoise(labelled: readonly LabelledPrompt[]): Record<string, number> {
  const noises: Record<string, (prompt: string) => string> = {
    'upper case': (prompt) => prompt.toUpperCase(),
    'lower case': (prompt) => prompt.toLowerCase(),
    'more spaces': (prompt) => `  ${prompt.replaceAll(' ', '  ')} `,
    please: (prompt) => `Please, ${prompt}`,
    'two letters swapped': (prompt) => {
      const middle = prompt.length >> 1;
      return prompt.slice(0, middle) + (prompt[middle + 1] ?? '') + (prompt[middle] ?? '') + prompt.slice(middle + 2);
    },
  };
  return Object.fromEntries(
    Object.entries(noises).map(([name, noise]) => {
      const same = labelled.filter(({ prompt }) => classify(prompt).task === classify(noise(prompt)).task);
      return [name, same.length / labelled.length];
    }),
  );
}

/** Microseconds of one classification by size of the prompt, over 2,000 of them after as many to warm up. */
function decisionTimes(labelled: readonly LabelledPrompt[]): Record<string, { p50: number; p99: number }> {
  const texts = labelled.map(({ prompt }) => prompt);
  const sized = (characters: number) =>
    texts.map((text) => `${text}\n`.repeat(Math.ceil(characters / (text.length + 1))).slice(0, characters));
  const sets = {
    'as they are': texts,
    '100': sized(100),
    '1,000': sized(1_000),
    '10,000': sized(10_000),
    '100,000': sized(100_000),
  };
  return Object.fromEntries(
    Object.entries(sets).map(([name, prompts]) => {
      const times: number[] = [];
      for (let round = 0; round < 4_000; round += 1) {
        const request = modelRequest.parse({ prompt: `${prompts[round % prompts.length]} ` });
        const startedMs = performance.now();
        classifier.classify(request);
        if (round >= 2_000) times.push((performance.now() - startedMs) * 1_000);
      }
      times.sort((left, right) => left - right);
      return [name, { p50: times[1_000] ?? Number.NaN, p99: times[1_980] ?? Number.NaN }];
    }),
  );
}

function costQuality(path: string, weak: string, strong: string) {
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const graded = lines.map((line) => JSON.parse(line) as GradedPrompt);
  const benches = [...new Set(graded.map(({ bench }) => bench))].toSorted();
  return benches.map((bench) => {
    const members: Gradable[] = graded
      .filter((row) => row.bench === bench)
      .map(({ prompt, scores }) => ({
        score: classify(prompt).complexity.score,
        weak: scores[weak] ?? 0,
        strong: scores[strong] ?? 0,
      }));
    return {
      bench,
      prompts: members.length,
      apgr: apgr(members),
      cpt50: callsForGap(members, 0.5),
      cpt80: callsForGap(members, 0.8),
    };
  });
}

function print(): void {
  const fixed = (value: number) => (Number.isNaN(value) ? '-' : value.toFixed(3));
  const slices = new Table({
    style: { head: [], border: [] },
    head: ['slice', 'prompts', 'accuracy', 'macro F1', 'ECE', 'top 75 %', 'top 50 %'],
  });
  for (const [name, one] of Object.entries(report.slices)) {
    slices.push([
      name,
      one.count,
      ...[one.accuracy, one.macroF1, one.ece, one.accuracyTop75, one.accuracyTop50].map(fixed),
    ]);
  }
  console.log(slices.toString());
  const noise = new Table({ style: { head: [], border: [] }, head: ['noise', 'choice unchanged'] });
  for (const [name, share] of Object.entries(report.unchanged)) noise.push([name, fixed(share)]);
  console.log(noise.toString());
  const times = new Table({ style: { head: [], border: [] }, head: ['characters', 'p50, us', 'p99, us'] });
  for (const [name, { p50, p99 }] of Object.entries(report.decisionMicroseconds))
    times.push([name, p50.toFixed(1), p99.toFixed(1)]);
  console.log(times.toString());
  if (report.costQuality === undefined) return;
  const curve = new Table({
    style: { head: [], border: [] },
    head: ['benchmark', 'prompts', 'APGR', 'CPT 50 %', 'CPT 80 %'],
  });
  for (const one of report.costQuality)
    curve.push([one.bench, one.prompts, fixed(one.apgr), fixed(one.cpt50), fixed(one.cpt80)]);
  console.log(curve.toString());
}
