import { describe, expect, it } from '@jest/globals';
import { judgeLongText } from '../../../src/routing/classifier/long-text.js';
import { createTextModel, type TextModel } from '../../../src/routing/classifier/text-model.js';
import { textWindow } from '../../../src/routing/classifier/text-window.js';
import { classifierWeights } from '../../../src/routing/classifier/weights.js';

const trained = createTextModel(classifierWeights);

/** The trained model, with a count of the characters that it is given to read. */
function countingModel(): { readonly model: TextModel; readonly characters: () => number } {
  let characters = 0;
  const judge: TextModel['judge'] = (window) => {
    characters += window.text.length;
    return trained.judge(window);
  };
  return { model: { ...trained, judge }, characters: () => characters };
}

describe('a text longer than the window', () => {
  it.each([
    ['words', 'lorem ipsum ', 3_000],
    ['newlines', '\n', 100_000],
    ['emoji', '\u{1F600}', 5_000],
    ['lone surrogates', '\ud800', 10_000],
    ['noise', String.fromCharCode(...Array.from({ length: 500 }, (_, index) => (index * 7_919) % 65_536)), 20_000],
    ['mixed scripts', 'añб日本ไทยहिन्दी한국어عربى ', 10_000],
    ['ten megabytes', 'Why? ', 2_000_000],
  ])('%s: reads the window and its two ends, no more', (_, piece, times) => {
    const window = textWindow(piece.repeat(times));
    const { model, characters } = countingModel();
    const { logits } = judgeLongText(model, window);
    expect([...logits].every(Number.isFinite)).toBe(true);
    // The window of 2,000 characters, its ends of 250, and the one that decided a second time for its reasons.
    expect(characters()).toBeLessThanOrEqual(2_000 + 3 * 250);
  });
});
