import { type ModelRequest, type Task, tasks } from '../core/request.js';
import type { Classification, Complexity } from '../core/routing.js';
import { judgeLongText } from './classifier/long-text.js';
import { createTextModel, type TextJudgement, type TextModel } from './classifier/text-model.js';
import { contextWindow, messageWindow, type TextWindow, windowCharacters } from './classifier/text-window.js';
import { classifierWeights } from './classifier/weights.js';
import type { Classifier } from './classifier.js';

/** A last message shorter than this, in characters, is read in the light of what came before it. */
const contextBelow = 240;
const contextShare = 0.35;
/** Logits that things beside the text speak with (opinions, weaker than a clear text): images are mostly asked about. */
const priors = { image: { general: 0.4 }, document: { general: 0.3 }, tools: { code: 0.2 } } as const;
/** Centre of the complexity score for each task: an opinion about what weaker models fail at. */
const centres: Readonly<Record<Task, number>> = { code: 0.46, reasoning: 0.5, general: 0.28 };
/** Of a question that comes with its answers: to choose one is another kind of work, and its subject tells little. */
const centreOfChoices = 0.36;
const levelFrom = { medium: 0.38, complex: 0.58 };

/** Tells task and complexity by the trained model; a `task` of the caller is taken as given. */
export function createTrainedClassifier(): Classifier {
  const model = createTextModel(classifierWeights);
  return { classify: (request) => classify(model, request) };
}

function classify(model: TextModel, request: ModelRequest): Classification {
  const { logits, hardness, hasOptions } = judgeRequest(model, request);
  addPriors(logits, request);
  const probabilities = softmax(logits, model.temperature);
  const order = tasks
    .map((_, index) => index)
    .toSorted((left, right) => at(probabilities, right) - at(probabilities, left));
  const [best = 0, second = 0] = order;
  if (request.task !== undefined) {
    const complexity = complexityAt(centres[request.task] + hardness);
    return { task: request.task, confidence: 1, complexity, signals: ['task given by the caller'] };
  }
  const task: Task = tasks[best] ?? 'general';
  const centre = hasOptions ? centreOfChoices : centres[task];
  const reasons = model.reasons(best, second);
  return {
    task,
    confidence: at(probabilities, best),
    complexity: complexityAt(centre + hardness),
    signals:
      reasons.length > 0 ? reasons.map((reason) => `${task}: ${reason}`) : [`${task}: nothing spoke for another task`],
  };
}

const at = (values: Float64Array, index: number): number => values[index] ?? 0;

/** The last message decides; what came before is heard when it says little by itself. */
function judgeRequest(model: TextModel, request: ModelRequest): Omit<TextJudgement, 'asking'> {
  const last = request.messages.at(-1);
  const own: TextWindow = last ? messageWindow(last) : { text: '', length: 0 };
  if (own.length > windowCharacters) return judgeLongText(model, own);
  if (own.length >= contextBelow) return model.judge(own);
  const context = contextWindow(request);
  if (context.text === '') return model.judge(own);
  const before = model.judge(context);
  // The context is judged first, so that the reasons told are those of the last message.
  const judged = model.judge(own);
  const share = own.length === 0 ? 1 : contextShare;
  const logits = judged.logits.map((logit, task) => logit + share * at(before.logits, task));
  return { ...judged, logits, hardness: Math.max(judged.hardness, share * before.hardness) };
}

function addPriors(logits: Float64Array, { messages, tools }: ModelRequest): void {
  const add = (prior: Partial<Record<Task, number>>): void => {
    for (const [index, task] of tasks.entries()) logits[index] = at(logits, index) + (prior[task] ?? 0);
  };
  const content = messages.at(-1)?.content ?? '';
  const blocks = typeof content === 'string' ? [] : content;
  if (blocks.some((block) => block.type === 'image')) add(priors.image);
  if (blocks.some((block) => block.type === 'document')) add(priors.document);
  if (tools !== undefined && tools.length > 0) add(priors.tools);
}

function softmax(logits: Float64Array, temperature: number): Float64Array {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - top) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function complexityAt(value: number): Complexity {
  const score = Math.min(1, Math.max(0, value));
  const level = score < levelFrom.medium ? 'simple' : score < levelFrom.complex ? 'medium' : 'complex';
  return { score, level };
}
