import { kind } from './character-kinds.js';
import { type Cue, cues } from './cue-lexicon.js';
import { type Scan, shape } from './scan.js';

/*
 * How much harder one request is than another of its kind: mostly how long it is, and a little how its sentences are
 * built (commas, long words, names, conditions). Each part only ever adds. The weights are opinions, kept where they
 * helped on both graded sets of unlike kind (reading and sums; figures in docs/routing-model-card.md): regressions on
 * graded answers did not beat length on benchmarks they had not seen, nor did counts of numbers or formulas.
 */

const typicalLength = 200;
const weights = { length: 0.07, commas: 0.015, capitals: 0.01, wordLength: 0.015 } as const;
const cueWeights = (
  [
    ['condition', 0.01],
    ['proofVerb', 0.03],
    ['logicPuzzle', 0.02],
  ] as const satisfies readonly (readonly [Cue, number])[]
).map(([cue, weight]) => ({ at: cues.indexOf(cue), weight }));
/** Letters a word between which longer words count, so that one long token does not. */
const wordLengths = { least: 4, most: 6 } as const;

/** Positive: harder than most of its task; on the scale of the complexity score. */
export function hardnessOf(scan: Scan, cueCounts: Int32Array, textLength: number): number {
  let hardness = weights.length * Math.log((1 + textLength) / typicalLength);
  hardness += weights.commas * Math.log1p(scan.kindCounts[kind.punctuation] ?? 0);
  hardness += weights.capitals * Math.log1p(scan.shapes[shape.capitalised] ?? 0);
  hardness += weights.wordLength * longWords(scan);
  for (const { at, weight } of cueWeights) hardness += weight * Math.log1p(cueCounts[at] ?? 0);
  return hardness;
}

function longWords({ shapes }: Scan): number {
  const letters = (shapes[shape.letters] ?? 0) / Math.max(1, shapes[shape.words] ?? 0);
  return Math.min(wordLengths.most, Math.max(wordLengths.least, letters)) - wordLengths.least;
}
