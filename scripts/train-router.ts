/* Trains the task classifier and the complexity score: `npx tsx scripts/train-router.ts --data DIR`. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { tasks } from '../src/core/request.js';
import { bucketBits } from '../src/routing/classifier/scan.js';
import { type ClassifierWeights, encodeBytes } from '../src/routing/classifier/weights-format.js';
import { measureComplexity } from './training/complexity-measure.js';
import { measureFresh } from './training/fresh-measure.js';
import { modelCard } from './training/model-card.js';
import { readDev, readOwn, readQuality } from './training/routing-data.js';
import { type SoftmaxWeights, train } from './training/softmax-trainer.js';
import { calibrate, crossValidate, examplesOf, quantize, trainingOptions } from './training/task-training.js';

const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (values.data === undefined) throw new Error('usage: npx tsx scripts/train-router.ts --data DIR');

const dev = readDev(values.data);
const written = (name: string) => readOwn(new URL(`./training/${name}`, import.meta.url));
const own = ['own-prompts.txt', 'own-prompts-2.txt', 'own-prompts-3.txt'].flatMap(written);
const examples = examplesOf([...dev, ...own]);
const heldOut = crossValidate(examples);
const temperature = calibrate(heldOut);
const weights = train(examples, trainingOptions);

writeFileSync(new URL('../src/routing/classifier/weights.ts', import.meta.url), weightsFile(weights, temperature));
const complexity = await measureComplexity(readQuality(values.data));
const fresh = await measureFresh(written('held-out-prompts.txt'));
const freshest = await measureFresh(written('held-out-prompts-2.txt'));
const card = modelCard({
  heldOut,
  temperature,
  complexity,
  fresh,
  freshest,
  devCount: dev.length,
  ownCount: own.length,
});
writeFileSync(new URL('../docs/routing-model-card.md', import.meta.url), card);
console.log(card);

function weightsFile(trained: SoftmaxWeights, calibrated: number): string {
  const { values: hashed, step } = quantize(trained);
  const file: ClassifierWeights = {
    bucketBits,
    hashed: encodeBytes(hashed),
    hashedStep: Number(step.toPrecision(8)),
    dense: encodeBytes(Float32Array.from(trained.dense)),
    bias: [...trained.bias].map((bias) => Number(bias.toPrecision(8))),
    temperature: calibrated,
  };
  return (
    `/* Written by scripts/train-router.ts for ${tasks.join(', ')}. */\n` +
    "import type { ClassifierWeights } from './weights-format.js';\n\n" +
    '// biome-ignore format: written by a program, byte for byte the same for the same data\n' +
    `export const classifierWeights: ClassifierWeights = ${JSON.stringify(file)};\n`
  );
}
