import { type Task, tasks } from '../../src/core/request.js';
import { characterTables } from '../../src/routing/classifier/character-kinds.js';
import { buildCueTable } from '../../src/routing/classifier/cue-table.js';
import { createDenseExtractor, denseCount } from '../../src/routing/classifier/dense-features.js';
import { bucketBits } from '../../src/routing/classifier/scan.js';
import { createScanner } from '../../src/routing/classifier/scanner.js';
import { textWindow } from '../../src/routing/classifier/text-window.js';
import type { Figures, Judged } from './measures.js';
import { figuresOf } from './measures.js';
import { groupOf, type LabelledPrompt } from './routing-data.js';
import {
  type Example,
  logitsOf,
  type SoftmaxWeights,
  softmax,
  type TrainingOptions,
  train,
} from './softmax-trainer.js';

export const trainingOptions: TrainingOptions = {
  classes: tasks.length,
  bucketTotal: 1 << bucketBits,
  denseTotal: denseCount,
  epochs: 8,
  learningRate: 0.1,
  hashedDecay: 1e-4,
  denseDecay: 1e-4,
  hashedDropout: 0.2,
  smoothing: 0.02,
  seed: 7,
};
/** Sources weigh by a power of their size below one, so that the large ones do not rule; our own prompts weigh more. */
const sourceWeightPower = -0.6;
const ownWeight = 3;

export interface GroupedExample extends Example {
  readonly group: string;
  /** What is held out together: a source, or a third of our own prompts, whose slices are kinds, not sources. */
  readonly fold: string;
}

const ownFolds = 3;

export function examplesOf(prompts: readonly LabelledPrompt[]): readonly GroupedExample[] {
  const tables = characterTables();
  const scanner = createScanner(tables, buildCueTable(tables));
  const extractor = createDenseExtractor();
  const weights = weightsOf(prompts);
  return prompts.map((row, index) => {
    const window = textWindow(row.prompt);
    const scan = scanner.scan(window.text);
    return {
      dense: Float64Array.from(extractor.extract(scan, window.length)),
      buckets: scan.buckets.slice(0, scan.bucketCount),
      label: tasks.indexOf(row.task),
      weight: weights[index]!,
      group: groupOf(row),
      fold: isOwn(row) ? `own ${index % ownFolds}` : groupOf(row),
    };
  });
}

const isOwn = ({ source = '' }: LabelledPrompt): boolean => source.startsWith('own-');

function weightsOf(prompts: readonly LabelledPrompt[]): readonly number[] {
  const sizes = new Map<string, number>();
  const keys = prompts.map((row) => `${groupOf(row)} ${row.task}`);
  for (const key of keys) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const raw = prompts.map((row, index) => {
    const own = isOwn(row) ? ownWeight : 1;
    return own * (sizes.get(keys[index]!) ?? 1) ** sourceWeightPower;
  });
  const total = (task: Task) =>
    raw.reduce((sum, weight, index) => sum + (prompts[index]!.task === task ? weight : 0), 0);
  const totals = new Map(tasks.map((task) => [task, total(task)]));
  return raw.map((weight, index) => (weight * prompts.length) / tasks.length / totals.get(prompts[index]!.task)!);
}

export interface HeldOut {
  readonly group: string;
  readonly label: number;
  readonly logits: Float64Array;
}

/** Logits of each example by a model that saw nothing of its fold. */
export function crossValidate(examples: readonly GroupedExample[]): readonly HeldOut[] {
  return [...new Set(examples.map(({ fold }) => fold))].flatMap((fold) => {
    const weights = train(
      examples.filter((example) => example.fold !== fold),
      trainingOptions,
    );
    return examples
      .filter((example) => example.fold === fold)
      .map((example) => ({
        group: example.group,
        label: example.label,
        logits: logitsOf(weights, example, trainingOptions.classes),
      }));
  });
}

/** The temperature with the least log loss, to two digits. */
export function calibrate(heldOut: readonly HeldOut[]): number {
  const loss = (temperature: number) =>
    heldOut.reduce((sum, { logits, label }) => sum - Math.log(Math.max(1e-9, softmax(logits, temperature)[label]!)), 0);
  const grid = Array.from({ length: 250 }, (_, step) => 0.5 + step / 100);
  return grid.reduce((best, temperature) => (loss(temperature) < loss(best) ? temperature : best));
}

export function judgedAt(heldOut: readonly HeldOut[], temperature: number): readonly Judged[] {
  return heldOut.map(({ logits, label }) => {
    const probabilities = softmax(logits, temperature);
    const best = probabilities.indexOf(Math.max(...probabilities));
    return { expected: tasks[label]!, chosen: tasks[best]!, confidence: probabilities[best]! };
  });
}

export function figuresBy(heldOut: readonly HeldOut[], temperature: number): ReadonlyMap<string, Figures> {
  const groups = [...new Set(heldOut.map(({ group }) => group))].toSorted();
  return new Map(
    groups.map((group) => [
      group,
      figuresOf(
        judgedAt(
          heldOut.filter((one) => one.group === group),
          temperature,
        ),
      ),
    ]),
  );
}

/** The hashed part in one byte a weight, with the size of a step. */
export function quantize({ hashed }: SoftmaxWeights): { readonly values: Int8Array; readonly step: number } {
  const most = hashed.reduce((top, value) => Math.max(top, Math.abs(value)), 1e-9);
  const step = most / 127;
  return { values: Int8Array.from(hashed, (value) => Math.round(value / step)), step };
}
