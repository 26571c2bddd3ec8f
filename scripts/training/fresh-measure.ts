import { modelRequest } from '../../src/core/request.js';
import { type Figures, figuresOf } from './measures.js';
import type { LabelledPrompt } from './routing-data.js';

/** Figures of the finished classifier on prompts that no training saw: all of them, then by slice. */
export async function measureFresh(prompts: readonly LabelledPrompt[]): Promise<ReadonlyMap<string, Figures>> {
  // Loaded late: the weights it reads have just been written.
  const { createTrainedClassifier } = await import('../../src/routing/trained-classifier.js');
  const classifier = createTrainedClassifier();
  const judged = prompts.map(({ prompt, task, source = '' }) => {
    const { task: chosen, confidence } = classifier.classify(modelRequest.parse({ prompt }));
    return { slice: source.replace('own-', ''), expected: task, chosen, confidence };
  });
  const slices = [...new Set(judged.map(({ slice }) => slice))];
  return new Map([
    ['all', figuresOf(judged)],
    ...slices.map((name) => [name, figuresOf(judged.filter(({ slice }) => slice === name))] as const),
  ]);
}
