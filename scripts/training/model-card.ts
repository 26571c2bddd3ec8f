import type { ComplexityFigures } from './complexity-measure.js';
import { type Figures, figuresOf } from './measures.js';
import { figuresBy, type HeldOut, judgedAt } from './task-training.js';

export interface CardFacts {
  readonly heldOut: readonly HeldOut[];
  readonly temperature: number;
  readonly complexity: readonly ComplexityFigures[];
  readonly devCount: number;
  readonly ownCount: number;
}

const fixed = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3));

/** The model card: what was learned from what, and how it does on sources it did not see. */
export function modelCard({ heldOut, temperature, complexity, devCount, ownCount }: CardFacts): string {
  const isOwn = ({ group }: HeldOut) => group.startsWith('own-');
  const dev = figuresOf(
    judgedAt(
      heldOut.filter((one) => !isOwn(one)),
      temperature,
    ),
  );
  const own = figuresOf(judgedAt(heldOut.filter(isOwn), temperature));
  const byGroup = figuresBy(heldOut, temperature);
  return `# Routing model card

Written by \`npx tsx scripts/train-router.ts --data DIR\`; do not edit. The same data gives the same bytes.

## What it is
A softmax over code, reasoning and general: hashed words, pairs of words and three-letter pieces (int8), plus named cues
from a multilingual lexicon and the shape of the text, over at most the first 1,400 and the last 600 characters.
Confidence is the softmax at temperature ${temperature.toFixed(2)}, which was fitted on the held-out logits below.
The complexity score is a centre for each task plus a weighted sum over the shape of the text (length above all), both
opinions: ridge regressions on graded answers were tried and did no better than length on benchmarks they had not seen.

## What it learned from
- ${devCount} labelled prompts of public sets: mbpp and mgsm (CC-BY-4.0, Google Research), humaneval, humaneval-xl, cruxeval, exercism,
  h5bp and reactjs interview questions, 30-seconds-of-interviews, GSM8K, MATH, BIG-Bench Hard, SVAMP and MMLU (MIT), sql-eval, self-instruct, the Koala
  test set, vicuna-bench and its translations, AQuA-RAT, trivia_qa and openbook_qa (Apache-2.0), commonsense_qa and commongen (MIT), awesome-chatgpt-prompts (CC0-1.0), IFBench (ODC-BY-1.0,
  Allen Institute for AI), BELLE (ODC-BY). None of their text is in this repository: only weights and figures are.
- ${ownCount} prompts written for this project (\`scripts/training/own-prompts.txt\`): code in plain words, general talk about
  technology, riddles and proofs in words, prompts of two words, and twenty languages. They weigh three times as much.

## How it does on sources it did not see
Each row was judged by a model trained without that source (translations and siblings of a set are held out together).
Read with care: the lexicon was written and extended while looking at errors of these runs, so that the figures are
better than those of prompts nobody here has seen, above all for our own prompts, whose author is the lexicon's too.

| held out | prompts | accuracy | macro F1 | code | reasoning | general | ECE |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${row('all public sources', dev)}
${row('all own slices', own)}
${[...byGroup].map(([group, figures]) => row(group, figures)).join('\n')}

F1 is over the tasks that the source has. On the public sources the most confident 75 % are right ${fixed(dev.accuracyTop75)} of the time, the most
confident 50 % ${fixed(dev.accuracyTop50)}.

## Complexity
Area under the recovered quality gap (APGR; random is 0.5) within one benchmark, by the complexity score and by length
alone, from the mean of three small models (gemma-2-9b, llama-3.1-8b, mistral-7b) to the mean of two larger ones
(nemotron 49b and 51b) and to a perfect one. Benchmarks on which the tiers are less than 0.1 apart are left out.

| benchmark | score, to larger | length, to larger | score, to perfect | length, to perfect |
| --- | ---: | ---: | ---: | ---: |
${complexity.map((one) => `| ${one.bench} | ${[one.scoreToLarger, one.lengthToLarger, one.scoreToPerfect, one.lengthToPerfect].map(fixed).join(' | ')} |`).join('\n')}

## Limits
Weak on code asked in everyday words, on riddles without any sign of one, and on languages that neither the lexicon nor the data
cover. A request of two words is often a guess, and its confidence says so.
`;
}

function row(name: string, figures: Figures): string {
  const { code, reasoning, general } = figures.f1;
  const cells = [figures.accuracy, figures.macroF1, code, reasoning, general, figures.ece].map(fixed);
  return `| ${name} | ${figures.count} | ${cells.join(' | ')} |`;
}
