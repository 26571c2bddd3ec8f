import { describe, expect, it } from '@jest/globals';
import { type Arm, createQualityPosteriors } from '../../src/routing/quality-posteriors.js';

const arm = (model: string, task: Arm['task'] = 'code', level: Arm['level'] = 'medium'): Arm => ({
  model,
  task,
  level,
});
const rated = (ratings: readonly number[], prior = 0.8) => {
  const posteriors = createQualityPosteriors({ seed: 1 });
  for (const rating of ratings) posteriors.observe(arm('a'), prior, rating, 1);
  return posteriors;
};

describe('the quality of a model', () => {
  it('is the prior before any rating, without exploring', () => {
    const posteriors = createQualityPosteriors({ seed: 1 });
    expect(posteriors.mean(arm('a'), 0.8)).toBe(0.8);
    expect(posteriors.draw(arm('a'), 0.8, 7)).toBe(0.8);
  });

  it('moves towards the ratings, the more the more there are', () => {
    const few = rated([0, 0]).mean(arm('a'), 0.8);
    const many = rated(new Array<number>(30).fill(0)).mean(arm('a'), 0.8);
    expect(few).toBeLessThan(0.75);
    expect(many).toBeLessThan(few - 0.1);
    expect(rated([1, 1, 1]).mean(arm('a'), 0.8)).toBeGreaterThan(0.82);
  });

  it('follows a model that changed: newer ratings replace older ones', () => {
    const posteriors = rated(new Array<number>(500).fill(0.9));
    const before = posteriors.mean(arm('a'), 0.8);
    for (let index = 0; index < 60; index += 1) posteriors.observe(arm('a'), 0.8, 0.4, 1);
    expect(posteriors.mean(arm('a'), 0.8)).toBeLessThan(before - 0.15);
  });

  it('tells in part of its other tasks, and nothing of other models', () => {
    const posteriors = rated([0, 0, 0, 0]);
    const here = posteriors.mean(arm('a'), 0.8);
    const there = posteriors.mean(arm('a', 'general'), 0.8);
    expect(there).toBeLessThan(0.8);
    expect(there).toBeGreaterThan(here);
    expect(posteriors.mean(arm('b'), 0.8)).toBe(0.8);
  });

  it('does not fall behind unrated models only because callers rate harshly', () => {
    const posteriors = createQualityPosteriors({ seed: 1 });
    for (let index = 0; index < 300; index += 1) {
      posteriors.observe(arm(index % 2 === 0 ? 'a' : 'b'), 0.9, 0.6, 1);
    }
    expect(posteriors.mean(arm('a'), 0.9)).toBeGreaterThan(0.85);
  });

  it('fades back to the prior with calls that nobody complained of', () => {
    const posteriors = rated([0, 0, 0, 0]);
    const before = posteriors.mean(arm('a'), 0.8);
    for (let index = 0; index < 2_000; index += 1) posteriors.fade(arm('a'));
    expect(posteriors.mean(arm('a'), 0.8)).toBeGreaterThan(before);
    expect(posteriors.mean(arm('a'), 0.8)).toBeCloseTo(0.8, 3);
  });

  it('is drawn equally for equal moments, differently for others, around the mean', () => {
    const posteriors = rated([0.8]);
    expect(posteriors.draw(arm('a'), 0.8, 3)).toBe(posteriors.draw(arm('a'), 0.8, 3));
    const draws = Array.from({ length: 2_000 }, (_, moment) => posteriors.draw(arm('b'), 0.8, moment));
    expect(new Set(draws).size).toBeGreaterThan(1_900);
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    expect(mean).toBeCloseTo(0.8, 2);
    expect(Math.max(...draws) - mean).toBeLessThan(0.06);
  });

  it('survives in a snapshot', () => {
    const posteriors = rated([0, 0.2, 1]);
    const restored = createQualityPosteriors({ seed: 1 });
    restored.restore(JSON.parse(JSON.stringify(posteriors.snapshot())));
    expect(restored.mean(arm('a'), 0.8)).toBeCloseTo(posteriors.mean(arm('a'), 0.8), 12);
    expect(restored.draw(arm('b'), 0.8, 5)).toBe(posteriors.draw(arm('b'), 0.8, 5));
  });

  it('is kept for a bounded number of models', () => {
    const posteriors = createQualityPosteriors({ seed: 1 });
    for (let index = 0; index < 2_000; index += 1) posteriors.observe(arm(`m${index}`), 0.8, 0, 1);
    expect(Object.keys(posteriors.snapshot().models)).toHaveLength(500);
  });
});
