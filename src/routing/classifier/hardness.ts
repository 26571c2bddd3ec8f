import { kind } from './character-kinds.js';
import { type Cue, cues } from './cue-lexicon.js';
import { type Scan, shape } from './scan.js';

/*
 * How much harder one request is than another of its kind: mostly how long it is, a little how much notation, conditions
 * and logic it holds. The weights are opinions: regressions on graded answers did not beat length on benchmarks they had
 * not seen, and learned words only told one benchmark from the other (figures in docs/routing-model-card.md).
 */

const typicalLength = 200;
const weights = {
  length: 0.13,
  numbers: 0.01,
  notation: 0.012,
  condition: 0.015,
  negation: 0.01,
  steps: 0.01,
  proofVerb: 0.04,
  logicPuzzle: 0.03,
} as const;
const cueWeights = (
  ['condition', 'negation', 'steps', 'proofVerb', 'logicPuzzle'] as const satisfies readonly Cue[]
).map((cue) => ({ at: cues.indexOf(cue), weight: weights[cue] }));

/** Positive: harder than most of its task; on the scale of the complexity score. */
export function hardnessOf(scan: Scan, cueCounts: Int32Array, textLength: number): number {
  const signs = (scan.kindCounts[kind.operator] ?? 0) + (scan.kindCounts[kind.equals] ?? 0);
  const formulas = (scan.kindCounts[kind.backslash] ?? 0) + (scan.kindCounts[kind.logicSign] ?? 0);
  let hardness = weights.length * Math.log((1 + textLength) / typicalLength);
  hardness += weights.numbers * Math.log1p(scan.shapes[shape.numbers] ?? 0);
  hardness += weights.notation * Math.log1p(signs + formulas);
  for (const { at, weight } of cueWeights) hardness += weight * Math.log1p(cueCounts[at] ?? 0);
  return hardness;
}
