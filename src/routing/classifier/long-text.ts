import type { TextJudgement, TextModel } from './text-model.js';
import type { TextWindow } from './text-window.js';

/** A part at an end of a long text is its first or last line, and at most so many characters. */
const partCharacters = 250;
const weights = {
  /** Of a part that does not sound as if it asked for anything. */
  least: 0.1,
  /** Of a part that is about something else than the text as a whole, which is mostly material. */
  unlike: 0.5,
  /** Of the text as a whole: heard when neither part asks. */
  whole: 0.08,
} as const;

/** Judges a text that is mostly material by the part at its start or end that asks for something. */
export function judgeLongText(model: TextModel, window: TextWindow): TextJudgement {
  const whole = model.judge(window);
  const material = shares(whole.logits);
  const parts = [firstPart(window.text), lastPart(window.text)].map((text) => {
    const { logits, asking } = model.judge({ text, length: text.length });
    // Squared: of two parts that ask, the one that asks more clearly should win.
    return { text, logits, weight: weights.least + asking ** 2 + weights.unlike * distance(shares(logits), material) };
  });
  // The reasons told are those of the text judged last; it should be the part that counts most.
  const decisive = parts.reduce((most, part) => (part.weight > most.weight ? part : most));
  if (decisive !== parts.at(-1)) model.judge({ text: decisive.text, length: decisive.text.length });
  const heard = [...parts, { logits: whole.logits, weight: weights.whole }];
  const total = heard.reduce((sum, { weight }) => sum + weight, 0);
  const logits = whole.logits.map((_, task) =>
    heard.reduce((sum, part) => sum + ((part.logits[task] ?? 0) * part.weight) / total, 0),
  );
  return { ...whole, logits };
}

function firstPart(text: string): string {
  const start = text.slice(0, partCharacters).trimStart();
  const end = start.indexOf('\n');
  return end < 0 ? start : start.slice(0, end);
}

function lastPart(text: string): string {
  const end = text.slice(-partCharacters).trimEnd();
  return end.slice(end.lastIndexOf('\n') + 1);
}

function shares(logits: Float64Array): Float64Array {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** 0 where both spread alike over the tasks, 1 where they have none in common. */
function distance(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, value, task) => sum + Math.max(0, value - (right[task] ?? 0)), 0);
}
