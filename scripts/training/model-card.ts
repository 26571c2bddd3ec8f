import type { ComplexityFigures } from './complexity-measure.js';
import { type Figures, figuresOf } from './measures.js';
import { figuresBy, type HeldOut, judgedAt } from './task-training.js';

export interface CardFacts {
  readonly heldOut: readonly HeldOut[];
  readonly temperature: number;
  readonly complexity: readonly ComplexityFigures[];
  /** On prompts kept out of all training, by slice. */
  readonly fresh: ReadonlyMap<string, Figures>;
  /** The same on later ones, meant to be harder. */
  readonly freshest: ReadonlyMap<string, Figures>;
  readonly devCount: number;
  readonly ownCount: number;
}

const fixed = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3));

/** The model card: what was learned from what, and how it does on sources it did not see. */
export function modelCard({
  heldOut,
  temperature,
  complexity,
  fresh,
  freshest,
  devCount,
  ownCount,
}: CardFacts): string {
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
Of a text longer than that, the first and the last line are judged by themselves and weigh most if they ask for something.
Confidence is the softmax at temperature ${temperature.toFixed(2)}, which was fitted on the held-out logits below.
The complexity score is a centre for each task (one for all where the answers to choose from are given) plus a weighted sum
over the shape of the text (length above all, then commas, names, long words, conditions), all opinions: ridge regressions on
graded answers were tried and did no better than length, within a benchmark (five folds) as on benchmarks they had not seen. The
small weights were kept where they helped on both gsm8k and mmlu below with earlier weights of the tasks. The mmlu rows of the graded set are mostly reading passages, not the short questions by subject that the name stands for.

## What it learned from
- ${devCount} labelled prompts of public sets: mbpp and mgsm (CC-BY-4.0, Google Research), humaneval, humaneval-xl, cruxeval, exercism,
  h5bp and reactjs interview questions, 30-seconds-of-interviews, GSM8K, MATH, BIG-Bench Hard, SVAMP and MMLU (MIT), sql-eval, self-instruct, the Koala
  test set, vicuna-bench and its translations, AQuA-RAT, trivia_qa and openbook_qa (Apache-2.0), commonsense_qa and commongen (MIT), awesome-chatgpt-prompts (CC0-1.0), IFBench (ODC-BY-1.0,
  Allen Institute for AI), BELLE (ODC-BY). None of their text is in this repository: only weights and figures are.
- ${ownCount} prompts written for this project (\`scripts/training/own-prompts*.txt\`): code in plain words, general talk about
  technology, riddles and proofs in words, prompts of two words, prompts that mislead on purpose, and thirty languages. They weigh three times as much.

## How it does on sources it did not see
Each row of a public source was judged by a model trained without that source (translations and siblings of a set are held out
together), our own prompts by models trained without a third of them.
Read with care: the lexicon was written and extended while looking at errors of these runs, so that the figures are
better than those of prompts nobody here has seen, above all for our own prompts, whose author is the lexicon's too.

| held out | prompts | accuracy | macro F1 | code | reasoning | general | ECE |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${row('all public sources', dev)}
${row('all own slices', own)}
${[...byGroup].map(([group, figures]) => row(group, figures)).join('\n')}

F1 is over the tasks that the source has. On the public sources the most confident 75 % are right ${fixed(dev.accuracyTop75)} of the time, the most
confident 50 % ${fixed(dev.accuracyTop50)}.

## How it does on prompts that no training saw
Never trained on. The first set (\`scripts/training/held-out-prompts.txt\`) was written before any result was looked at, by the author of
the first training prompts: some are about the same things in another language, so languages look better than they are. Its
figures led to the second and third file of training prompts.

${freshTable(fresh)}

The second set (\`scripts/training/held-out-prompts-2.txt\`) has the hard slices only. Its author also wrote the second file of
training prompts, in other manners and on other subjects, and had seen neither the first set nor a result.

${freshTable(freshest)}

## Complexity
Area under the recovered quality gap (APGR; random is 0.5) within one benchmark, by the complexity score and by length
alone, from the mean of three small models (gemma-2-9b, llama-3.1-8b, mistral-7b) to the mean of two larger ones
(nemotron 49b and 51b) and to a perfect one. Benchmarks on which the tiers are less than 0.1 apart are left out.

| benchmark | score, to larger | length, to larger | score, to perfect | length, to perfect |
| --- | ---: | ---: | ---: | ---: |
${complexity.map((one) => `| ${one.bench} | ${[one.scoreToLarger, one.lengthToLarger, one.scoreToPerfect, one.lengthToPerfect].map(fixed).join(' | ')} |`).join('\n')}

On the answers of Mixtral 8x7B and GPT-4 that RouteLLM published (decontaminated, 2026-11-25): gsm8k 0.614 (length 0.598), mmlu 0.585
(length 0.586), MT-Bench, 72 first turns, 0.754 (length 0.548). None of it was learned from, but it was looked at: the rule for
given answers, a smaller weight of length, and the centre of the found task alone were chosen after it had shown 0.615, 0.541 and 0.733.

## Limits
Weak on code asked in everyday words, on riddles without any sign of one, and on languages that neither the lexicon nor the data
cover. A request of two words is often a guess, and its confidence says so.
`;
}

function freshTable(fresh: ReadonlyMap<string, Figures>): string {
  const all = fresh.get('all');
  return `| slice | prompts | accuracy | macro F1 | code | reasoning | general | ECE |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${[...fresh].map(([slice, figures]) => row(slice, figures)).join('\n')}

The most confident 75 % are right ${fixed(all?.accuracyTop75 ?? Number.NaN)} of the time, the most confident 50 % ${fixed(all?.accuracyTop50 ?? Number.NaN)}.`;
}

function row(name: string, figures: Figures): string {
  const { code, reasoning, general } = figures.f1;
  const cells = [figures.accuracy, figures.macroF1, code, reasoning, general, figures.ece].map(fixed);
  return `| ${name} | ${figures.count} | ${cells.join(' | ')} |`;
}
