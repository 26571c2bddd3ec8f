import { type Task, tasks } from '../core/request.js';
import { type ComplexityLevel, complexityLevels } from '../core/routing.js';
import { gaussian, hashText, mix } from './seeded-draws.js';

/** A model at one kind of work. */
export interface Arm {
  readonly model: string;
  readonly task: Task;
  readonly level: ComplexityLevel;
}

export interface QualityPosteriors {
  /** `rating` 0 to 1, `prior` what was expected of the arm before any evidence, `weight` 1 for a caller's own word. */
  observe(arm: Arm, prior: number, rating: number, weight: number): void;
  /** A call that nobody complained of: old evidence fades a little. */
  fade(arm: Arm): void;
  mean(arm: Arm, prior: number): number;
  /** A draw from what the quality may be. Equal `moment`: equal draw. */
  draw(arm: Arm, prior: number, moment: number): number;
  snapshot(): PosteriorSnapshot;
  restore(snapshot: PosteriorSnapshot): void;
}

/** Evidence by model: for each task and level how many ratings count, and the sum of what they were off the prior. */
export interface PosteriorSnapshot {
  readonly bias: { readonly count: number; readonly sum: number };
  readonly models: Readonly<Record<string, { readonly counts: readonly number[]; readonly sums: readonly number[] }>>;
}

export interface PosteriorOptions {
  /** Of the draws; two servers with different seeds explore differently. */
  readonly seed: number;
  readonly priorCount?: number;
  /** Ratings that count at most: older ones give way, so that a model that changed is seen anew. */
  readonly mostCount?: number;
  readonly deviation?: number;
  readonly borrowed?: number;
  readonly biasCount?: number;
}

export const cellsPerModel = tasks.length * complexityLevels.length;
const mostModels = 500;
const fading = 0.995;
const biasFading = 0.995;

interface Evidence {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  count: number;
  sum: number;
}

const cellOf = ({ task, level }: Arm): number =>
  tasks.indexOf(task) * complexityLevels.length + complexityLevels.indexOf(level);

/**
 * Discounted Thompson sampling over models, tasks and levels. What ratings tell of a model at one kind of work counts
 * in part for its others. Callers rate mildly or harshly, and only some models are rated at all: the common part of all
 * deviations is taken out, else every model that is rated would fall behind those that never were.
 */
export function createQualityPosteriors(options: PosteriorOptions): QualityPosteriors {
  const { seed, priorCount = 10, mostCount = 60, deviation = 0.01, borrowed = 0.25, biasCount = 20 } = options;
  const byModel = new Map<string, Evidence>();
  const bias = { count: 0, sum: 0 };

  const mean = (arm: Arm, prior: number): number => {
    const evidence = byModel.get(arm.model);
    if (evidence === undefined) return prior;
    const cell = cellOf(arm);
    const count = (1 - borrowed) * (evidence.counts[cell] ?? 0) + borrowed * evidence.count;
    const sum = (1 - borrowed) * (evidence.sums[cell] ?? 0) + borrowed * evidence.sum;
    return prior + sum / (priorCount + count);
  };

  return {
    mean,
    observe: (arm, prior, rating, weight) => {
      const off = rating - prior;
      const common = bias.sum / (bias.count + biasCount);
      bias.count = bias.count * biasFading + weight;
      bias.sum = bias.sum * biasFading + weight * off;
      const evidence = evidenceOf(byModel, arm.model);
      shrinkCell(evidence, cellOf(arm), Math.max(0, 1 - weight / mostCount));
      addTo(evidence, cellOf(arm), weight, weight * (off - common));
    },
    fade: (arm) => {
      const evidence = byModel.get(arm.model);
      if (evidence !== undefined) shrinkCell(evidence, cellOf(arm), fading);
    },
    draw: (arm, prior, moment) => {
      // Exploring pays only where ratings come back.
      if (bias.count === 0) return mean(arm, prior);
      const cell = cellOf(arm);
      const count = byModel.get(arm.model)?.counts[cell] ?? 0;
      const spread = deviation * Math.sqrt(priorCount / (priorCount + count));
      return mean(arm, prior) + spread * gaussian(mix(mix(seed, moment), hashText(arm.model, cell)));
    },
    snapshot: () => ({
      bias: { ...bias },
      models: Object.fromEntries(
        [...byModel].map(([model, { counts, sums }]) => [model, { counts: [...counts], sums: [...sums] }]),
      ),
    }),
    restore: (snapshot) => {
      byModel.clear();
      // Changes of several servers that fade the same evidence may together take away more than there is.
      Object.assign(bias, snapshot.bias.count > 0 ? snapshot.bias : { count: 0, sum: 0 });
      for (const [model, { counts, sums }] of Object.entries(snapshot.models).slice(0, mostModels)) {
        const evidence = evidenceOf(byModel, model);
        counts.forEach((count, cell) => {
          if (count > 0) addTo(evidence, cell, count, sums[cell] ?? 0);
        });
      }
    },
  };
}

function evidenceOf(byModel: Map<string, Evidence>, model: string): Evidence {
  const known = byModel.get(model);
  if (known !== undefined) return known;
  const oldest = byModel.size >= mostModels ? byModel.keys().next().value : undefined;
  if (oldest !== undefined) byModel.delete(oldest);
  const made = { counts: new Float64Array(cellsPerModel), sums: new Float64Array(cellsPerModel), count: 0, sum: 0 };
  byModel.set(model, made);
  return made;
}

function shrinkCell(evidence: Evidence, cell: number, by: number): void {
  const [count, sum] = [evidence.counts[cell] ?? 0, evidence.sums[cell] ?? 0];
  addTo(evidence, cell, count * (by - 1), sum * (by - 1));
}

function addTo(evidence: Evidence, cell: number, count: number, sum: number): void {
  evidence.counts[cell] = (evidence.counts[cell] ?? 0) + count;
  evidence.sums[cell] = (evidence.sums[cell] ?? 0) + sum;
  evidence.count += count;
  evidence.sum += sum;
}
