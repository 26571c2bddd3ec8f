import { type Task, tasks } from '../../src/core/request.js';

/** One decision with what it should have been. */
export interface Judged {
  readonly expected: Task;
  readonly chosen: Task;
  readonly confidence: number;
}

export interface Figures {
  readonly count: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly f1: Readonly<Record<Task, number>>;
  /** Expected calibration error over ten bins of confidence. */
  readonly ece: number;
  readonly accuracyTop75: number;
  readonly accuracyTop50: number;
}

const share = (part: readonly Judged[]): number =>
  part.length === 0 ? Number.NaN : part.filter((one) => one.chosen === one.expected).length / part.length;

export function figuresOf(judged: readonly Judged[]): Figures {
  const f1 = Object.fromEntries(tasks.map((task) => [task, f1Of(judged, task)])) as Record<Task, number>;
  const present = tasks.filter((task) => judged.some((one) => one.expected === task));
  const confident = judged.toSorted((left, right) => right.confidence - left.confidence);
  return {
    count: judged.length,
    accuracy: share(judged),
    macroF1: present.reduce((sum, task) => sum + f1[task], 0) / Math.max(1, present.length),
    f1,
    ece: calibrationError(judged),
    accuracyTop75: share(confident.slice(0, Math.ceil(judged.length * 0.75))),
    accuracyTop50: share(confident.slice(0, Math.ceil(judged.length * 0.5))),
  };
}

function f1Of(judged: readonly Judged[], task: Task): number {
  const right = judged.filter((one) => one.chosen === task && one.expected === task).length;
  const wrong = judged.filter((one) => (one.chosen === task) !== (one.expected === task)).length;
  return right + wrong === 0 ? 0 : (2 * right) / (2 * right + wrong);
}

function calibrationError(judged: readonly Judged[]): number {
  let error = 0;
  for (let bin = 0; bin < 10; bin += 1) {
    const inside = judged.filter((one) => Math.min(9, Math.floor(one.confidence * 10)) === bin);
    if (inside.length === 0) continue;
    const confidence = inside.reduce((sum, one) => sum + one.confidence, 0) / inside.length;
    error += (inside.length / judged.length) * Math.abs(confidence - share(inside));
  }
  return error;
}

export interface Gradable {
  /** Higher: send to the strong model earlier. */
  readonly score: number;
  readonly weak: number;
  readonly strong: number;
}

/**
 * Average performance gap recovered: quality gained over the weak model, as a share of the gap to the strong one,
 * averaged over all shares of strong calls. Random order gives about 0.5.
 */
export function apgr(graded: readonly Gradable[]): number {
  const gap = graded.reduce((sum, { weak, strong }) => sum + strong - weak, 0);
  const order = graded.toSorted((left, right) => right.score - left.score);
  let gained = 0;
  let area = 0;
  for (const { weak, strong } of order) {
    area += (gained + (strong - weak) / 2) / gap;
    gained += strong - weak;
  }
  return area / Math.max(1, graded.length);
}

/** Share of strong calls (in order of score) from which on so much of the quality gap is recovered. */
export function callsForGap(graded: readonly Gradable[], wanted: number): number {
  const gap = graded.reduce((sum, { weak, strong }) => sum + strong - weak, 0);
  let gained = 0;
  for (const [index, { weak, strong }] of graded.toSorted((left, right) => right.score - left.score).entries()) {
    gained += strong - weak;
    if (gained >= wanted * gap) return (index + 1) / graded.length;
  }
  return 1;
}
