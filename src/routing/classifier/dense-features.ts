import { kind } from './character-kinds.js';
import { type Cue, cues } from './cue-lexicon.js';
import { type Scan, shape } from './scan.js';

/*
 * The scan as a short vector of named numbers, most of them between 0 and 2. Training and runtime share this file: a
 * change here needs new weights (`npx tsx scripts/train-router.ts`).
 */

const earlyWords = 8;
const lateWords = 12;

/** Cues that mean something else together than alone: general talk about technology, code in plain words, and so on. */
const cuePairs: readonly (readonly [Cue, Cue])[] = [
  ['programmingLanguage', 'codeThing'],
  ['programmingLanguage', 'creativeWriting'],
  ['programmingLanguage', 'factQuestion'],
  ['programmingLanguage', 'audience'],
  ['programmingLanguage', 'generalTopic'],
  ['developerTool', 'factQuestion'],
  ['developerTool', 'creativeWriting'],
  ['developerTool', 'audience'],
  ['developerTool', 'generalTopic'],
  ['codeThing', 'creativeWriting'],
  ['codeThing', 'factQuestion'],
  ['codeThing', 'audience'],
  ['codeThing', 'generalTopic'],
  ['codeThing', 'mathThing'],
  ['codeThing', 'codeAction'],
  ['codeThing', 'solveVerb'],
  ['codeAction', 'mathThing'],
  ['softwareWord', 'helpAsked'],
  ['softwareWord', 'creativeWriting'],
  ['softwareWord', 'generalTopic'],
  ['softwareWord', 'factQuestion'],
  ['softwareWord', 'quantityQuestion'],
  ['softwareWord', 'storyProblem'],
  ['softwareWord', 'failure'],
  ['softwareWord', 'mathThing'],
  ['softwareWord', 'logicPuzzle'],
  ['softwareWord', 'audience'],
  ['softwareWord', 'condition'],
  ['helpAsked', 'generalTopic'],
  ['helpAsked', 'everydayThing'],
  ['softwareWord', 'everydayThing'],
  ['codeThing', 'everydayThing'],
  ['quantityQuestion', 'everydayThing'],
  ['helpAsked', 'codeThing'],
  ['helpAsked', 'programmingLanguage'],
  ['helpAsked', 'mathThing'],
  ['plainDevelopment', 'failure'],
  ['plainDevelopment', 'creativeWriting'],
  ['plainDevelopment', 'codeThing'],
  ['plainDevelopment', 'audience'],
  ['quantityQuestion', 'storyProblem'],
  ['quantityQuestion', 'codeThing'],
  ['quantityQuestion', 'database'],
  ['quantityQuestion', 'generalTopic'],
  ['mathThing', 'solveVerb'],
  ['mathThing', 'proofVerb'],
  ['mathThing', 'creativeWriting'],
  ['mathThing', 'audience'],
  ['solveVerb', 'creativeWriting'],
  ['solveVerb', 'generalTopic'],
  ['proofVerb', 'creativeWriting'],
  ['logicPuzzle', 'condition'],
  ['rolePlay', 'codeThing'],
  ['rolePlay', 'developerTool'],
  ['rolePlay', 'generalTopic'],
];

const shapeNames = Object.keys(shape) as readonly (keyof typeof shape)[];
const signNames = [
  'digit',
  'bracket',
  'parenthesis',
  'equals',
  'operator',
  'underscore',
  'backslash',
  'dollar',
  'currency',
  'percent',
  'backtick',
  'question',
  'quote',
  'hash',
  'logicSign',
  'bullet',
  'newline',
  'surrogate',
] as const satisfies readonly (keyof typeof kind)[];
const scriptNames = ['latin', 'cyrillic', 'greek', 'semitic', 'indic', 'hangul', 'han', 'kana', 'thai'] as const;

/** In the order of the vector; what a feature is called when it decided. */
export const denseNames: readonly string[] = [
  ...cues.flatMap((cue) => [cue, `${cue} (count)`, `${cue} (density)`, `${cue} (at the start)`, `${cue} (at the end)`]),
  ...cuePairs.map(([left, right]) => `${left} with ${right}`),
  ...shapeNames.flatMap((name) => [name, `${name} (density)`]),
  ...signNames.flatMap((name) => [`${name} signs`, `${name} signs (density)`]),
  ...scriptNames.map((name) => `${name} script`),
  'length',
  'very short',
  'short',
  'Latin words in another script',
  'question at the end',
  'cues of code and none of general',
  'no cue at all',
];
export const denseCount = denseNames.length;

const cueIndex = (cue: Cue): number => cues.indexOf(cue);
const pairIndexes = cuePairs.map(([left, right]) => [cueIndex(left), cueIndex(right)] as const);
const codeCues: readonly Cue[] = [
  'programmingLanguage',
  'developerTool',
  'codeThing',
  'codeAction',
  'database',
  'plainDevelopment',
];
const codeIndexes = codeCues.map(cueIndex);
const otherCues: readonly Cue[] = [
  'creativeWriting',
  'generalTopic',
  'everydayThing',
  'factQuestion',
  'rolePlay',
  'audience',
];
const otherIndexes = otherCues.map(cueIndex);

const logs = Float64Array.from({ length: 2_048 }, (_, count) => Math.log1p(count) / 3);
const scaledLog = (count: number): number => logs[Math.min(count, logs.length - 1)] ?? 0;

/** The vector of one text, and what it is made from; reused by the next text. */
interface Draft {
  readonly vector: Float64Array;
  readonly cueCounts: Int32Array;
  /** 1 where a cue was met among the first or the last words. */
  readonly early: Uint8Array;
  readonly late: Uint8Array;
  filled: number;
}

export interface DenseExtractor {
  /** How often each cue was met in the text scanned last. */
  readonly cueCounts: Int32Array;
  /** Fills and returns the vector of this extractor, which the next call overwrites. */
  extract(scan: Scan, textLength: number): Float64Array;
}

export function createDenseExtractor(): DenseExtractor {
  const draft: Draft = {
    vector: new Float64Array(denseCount),
    cueCounts: new Int32Array(cues.length),
    early: new Uint8Array(cues.length),
    late: new Uint8Array(cues.length),
    filled: 0,
  };
  return {
    cueCounts: draft.cueCounts,
    extract: (scan, textLength) => {
      const words = scan.shapes[shape.words] ?? 0;
      draft.filled = 0;
      countCues(draft, scan, words);
      fillCues(draft, words);
      fillShapes(draft, scan, words);
      const latinShare = fillScripts(draft, scan);
      const foreign = latinShare > 0 && latinShare < 0.6;
      push(draft, Math.log1p(textLength) / 6);
      push(draft, words <= 4 ? 1 : 0);
      push(draft, words <= 12 ? 1 : 0);
      push(draft, foreign ? Math.min(1, (scan.kindCounts[kind.latin] ?? 0) / 4) : 0);
      push(draft, scan.endsWithQuestion ? 1 : 0);
      fillBalance(draft);
      return draft.vector;
    },
  };
}

function push(draft: Draft, value: number): void {
  draft.vector[draft.filled] = value;
  draft.filled += 1;
}

const met = ({ cueCounts }: Draft, cue: number): number => ((cueCounts[cue] ?? 0) > 0 ? 1 : 0);

function countCues({ cueCounts, early, late }: Draft, scan: Scan, words: number): void {
  cueCounts.fill(0);
  early.fill(0);
  late.fill(0);
  for (let hit = 0; hit < scan.hitCount; hit += 1) {
    const word = scan.hitWords[hit] ?? 0;
    let mask = scan.hitMasks[hit] ?? 0;
    while (mask !== 0) {
      const cue = 31 - Math.clz32(mask & -mask);
      mask &= mask - 1;
      cueCounts[cue] = (cueCounts[cue] ?? 0) + 1;
      if (word < earlyWords) early[cue] = 1;
      if (word >= words - lateWords) late[cue] = 1;
    }
  }
}

function fillCues(draft: Draft, words: number): void {
  for (let cue = 0; cue < cues.length; cue += 1) {
    const count = draft.cueCounts[cue] ?? 0;
    push(draft, count > 0 ? 1 : 0);
    push(draft, scaledLog(count));
    push(draft, Math.sqrt(count / (words + 4)));
    push(draft, draft.early[cue] ?? 0);
    push(draft, draft.late[cue] ?? 0);
  }
  for (const [left, right] of pairIndexes) push(draft, met(draft, left) * met(draft, right));
}

function fillShapes(draft: Draft, scan: Scan, words: number): void {
  for (const name of shapeNames) {
    const count = scan.shapes[shape[name]] ?? 0;
    push(draft, scaledLog(count));
    push(draft, Math.min(2, count / (words + 4) / (name === 'letters' ? 6 : 1)));
  }
  for (const name of signNames) {
    const count = scan.kindCounts[kind[name]] ?? 0;
    push(draft, scaledLog(count));
    push(draft, Math.sqrt(count / (scan.length + 8)));
  }
}

/** Shares of the scripts among the words; returns that of Latin. */
function fillScripts(draft: Draft, { kindCounts }: Scan): number {
  let words = 1;
  for (const name of scriptNames) words += kindCounts[kind[name]] ?? 0;
  for (const name of scriptNames) push(draft, (kindCounts[kind[name]] ?? 0) / words);
  return (kindCounts[kind.latin] ?? 0) / words;
}

function fillBalance(draft: Draft): void {
  const code = codeIndexes.some((cue) => met(draft, cue) === 1);
  const other = otherIndexes.some((cue) => met(draft, cue) === 1);
  push(draft, code && !other ? 1 : 0);
  push(draft, !code && !other ? 1 : 0);
}
