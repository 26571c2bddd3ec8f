import { modelRequest } from '../../src/core/request.js';
import { apgr } from './measures.js';
import type { GradedPrompt } from './routing-data.js';

export interface ComplexityFigures {
  readonly bench: string;
  readonly scoreToLarger: number;
  readonly lengthToLarger: number;
  readonly scoreToPerfect: number;
  readonly lengthToPerfect: number;
}

const smallModels = ['gemma-2-9b-it', 'llama-3.1-8b-instruct', 'mistral-7b-instruct-v0.3'];
const largerModels = ['llama-3.1-nemotron-51b-instruct', 'llama-3.3-nemotron-super-49b-v1'];
const leastGap = 0.1;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** How well the complexity score of the classifier orders prompts by what a stronger model would gain. */
export async function measureComplexity(graded: readonly GradedPrompt[]): Promise<readonly ComplexityFigures[]> {
  // Loaded late: the weights it reads have just been written.
  const { createTrainedClassifier } = await import('../../src/routing/trained-classifier.js');
  const classifier = createTrainedClassifier();
  const rows = graded.map(({ bench, prompt, scores }) => ({
    bench,
    score: classifier.classify(modelRequest.parse({ prompt })).complexity.score,
    length: prompt.length,
    small: mean(smallModels.map((model) => scores[model] ?? 0)),
    larger: mean(largerModels.map((model) => scores[model] ?? 0)),
  }));
  const benches = [...new Set(rows.map(({ bench }) => bench))].toSorted();
  return benches.flatMap((bench) => {
    const members = rows.filter((row) => row.bench === bench);
    if (mean(members.map(({ larger, small }) => larger - small)) < leastGap) return [];
    const area = (by: 'score' | 'length', strong: (row: (typeof members)[number]) => number) =>
      apgr(members.map((row) => ({ score: row[by], weak: row.small, strong: strong(row) })));
    return {
      bench,
      scoreToLarger: area('score', ({ larger }) => larger),
      lengthToLarger: area('length', ({ larger }) => larger),
      scoreToPerfect: area('score', () => 1),
      lengthToPerfect: area('length', () => 1),
    };
  });
}
