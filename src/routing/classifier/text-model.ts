import { tasks } from '../../core/request.js';
import { characterTables } from './character-kinds.js';
import { type Cue, cues } from './cue-lexicon.js';
import { buildCueTable } from './cue-table.js';
import { createDenseExtractor, denseCount, denseNames } from './dense-features.js';
import { hardnessOf } from './hardness.js';
import { bucketBits, type Scan, shape } from './scan.js';
import { createScanner } from './scanner.js';
import type { TextWindow } from './text-window.js';
import { type ClassifierWeights, decodeFloat32, decodeInt8 } from './weights-format.js';

/** What the model makes of one text. The arrays are new; the reasons are asked for separately. */
export interface TextJudgement {
  /** One a task, before temperature. */
  readonly logits: Float64Array;
  /** How much harder (positive) or easier the text is than others of its task, on the scale of the score. */
  readonly hardness: number;
  /** How many kinds of signs there are, for its length, that the text asks for something; 0 when there is none. */
  readonly asking: number;
  /** The answers to choose from are given with the question. */
  readonly hasOptions: boolean;
}

export interface TextModel {
  readonly temperature: number;
  judge(window: TextWindow): TextJudgement;
  /** What spoke most for one task against another in the text judged last, in words. */
  reasons(winner: number, against: number): readonly string[];
}

const classes = tasks.length;
const reasonsTold = 3;
const leastContribution = 0.05;

/** The trained model over one text; holds scratch space, so that a judgement allocates next to nothing. */
export function createTextModel(weights: ClassifierWeights): TextModel {
  const hashed = decodeInt8(weights.hashed);
  const dense = decodeFloat32(weights.dense);
  if (weights.bucketBits !== bucketBits || dense.length !== denseCount * classes) {
    throw new Error('the classifier weights do not fit the features; train again');
  }
  const characters = characterTables();
  const scanner = createScanner(characters, buildCueTable(characters));
  const extractor = createDenseExtractor();
  const hashedLogits = new Float64Array(classes);
  const parts = new Float64Array(labels.length);
  let features: Float64Array = new Float64Array(denseCount);

  const sumHashed = (buckets: Uint16Array, count: number): void => {
    let [code, reasoning, general] = [0, 0, 0];
    for (let index = 0; index < count; index += 1) {
      const at = (buckets[index] ?? 0) * classes;
      code += hashed[at] ?? 0;
      reasoning += hashed[at + 1] ?? 0;
      general += hashed[at + 2] ?? 0;
    }
    const scale = weights.hashedStep / Math.sqrt(count + 1);
    hashedLogits.set([code * scale, reasoning * scale, general * scale]);
  };

  return {
    temperature: weights.temperature,
    judge: ({ text, length }) => {
      const scan = scanner.scan(text);
      features = extractor.extract(scan, length);
      sumHashed(scan.buckets, scan.bucketCount);
      const logits = Float64Array.from(weights.bias, (bias, task) => bias + (hashedLogits[task] ?? 0));
      for (let feature = 0; feature < denseCount; feature += 1) {
        const value = features[feature] ?? 0;
        if (value === 0) continue;
        for (let task = 0; task < classes; task += 1) {
          logits[task] = (logits[task] ?? 0) + value * (dense[feature * classes + task] ?? 0);
        }
      }
      return {
        logits,
        hardness: hardnessOf(scan, extractor.cueCounts, length),
        asking: askingOf(scan, extractor.cueCounts),
        hasOptions: (scan.shapes[shape.optionMarker] ?? 0) >= leastOptions,
      };
    },
    reasons: (winner, against) => {
      parts.fill(0);
      parts[0] = (hashedLogits[winner] ?? 0) - (hashedLogits[against] ?? 0);
      for (let feature = 0; feature < denseCount; feature += 1) {
        const value = features[feature] ?? 0;
        if (value === 0) continue;
        const weight = (dense[feature * classes + winner] ?? 0) - (dense[feature * classes + against] ?? 0);
        const label = labelOf[feature] ?? 0;
        parts[label] = (parts[label] ?? 0) + value * weight;
      }
      return strongestLabels(parts);
    },
  };
}

const askingCues = (
  [
    'helpAsked',
    'codeAction',
    'solveVerb',
    'proofVerb',
    'quantityQuestion',
    'creativeWriting',
    'factQuestion',
    'rolePlay',
    'steps',
    'logicPuzzle',
  ] as const satisfies readonly Cue[]
).map((cue) => cues.indexOf(cue));
const wordsOfRequest = 40;
const leastOptions = 3;

function askingOf({ shapes, endsWithQuestion }: Scan, cueCounts: Int32Array): number {
  const met = askingCues.filter((cue) => (cueCounts[cue] ?? 0) > 0).length;
  return (met + (endsWithQuestion ? 1 : 0)) / (1 + (shapes[shape.words] ?? 0) / wordsOfRequest);
}

function strongestLabels(parts: Float64Array): readonly string[] {
  const told: string[] = [];
  while (told.length < reasonsTold) {
    let best = 0;
    for (let label = 1; label < parts.length; label += 1) if ((parts[label] ?? 0) > (parts[best] ?? 0)) best = label;
    if ((parts[best] ?? 0) < leastContribution) break;
    told.push(labels[best] ?? '');
    parts[best] = 0;
  }
  return told;
}

/** `softwareWord (density)` and its kin are told as one: software word. The first label is that of the hashed part. */
const denseLabels = denseNames.map((name) =>
  name
    .replace(/ \(.*\)$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase(),
);
const labels: readonly string[] = ['its wording', ...new Set(denseLabels)];
const labelOf = Int16Array.from(denseLabels, (label) => labels.indexOf(label));
