import { describe, expect, it } from '@jest/globals';
import type { Model } from '../../../src/core/model.js';
import { modelId, region } from '../../../src/core/target.js';
import { balanced } from '../../../src/routing/strategies/balanced.js';
import { cheapest } from '../../../src/routing/strategies/cheapest.js';
import { fastest } from '../../../src/routing/strategies/fastest.js';
import { pinned } from '../../../src/routing/strategies/pinned.js';
import type { RoutableCandidate, RoutingStrategy } from '../../../src/routing/strategies/routing-strategy.js';
import { task } from '../../../src/routing/strategies/task.js';
import { weighted } from '../../../src/routing/strategies/weighted.js';
import { type Prospect, preferencesFor, utilityOf } from '../../../src/routing/utility.js';
import { catalogue } from '../routing-fixtures.js';

const model = (id: string): Model => {
  const known = catalogue.models.find((other) => other.id === id);
  if (known === undefined) throw new Error(id);
  return known;
};
const candidate = (id: string, preference: number | undefined, prospect: Partial<Prospect>): RoutableCandidate => {
  const all = { quality: 0.9, prior: 0.9, usdPerThousand: 1, latencyMs: 1_000, errorRate: 0, affinity: 0, ...prospect };
  const target = { model: modelId(id), region: region('us-east-1') };
  return { model: model(id), target, preference, cost: all.usdPerThousand * 1e6, prospect: all };
};
const good = candidate('anthropic.claude-opus-5-5', 0, { quality: 0.97, usdPerThousand: 20, latencyMs: 3_000 });
const cheap = candidate('amazon.nova-micro-v1:0', 2, { quality: 0.7, usdPerThousand: 0.05, latencyMs: 900 });
const quick = candidate('amazon.nova-lite-v1:0', undefined, { quality: 0.8, usdPerThousand: 0.2, latencyMs: 300 });
const all = [quick, cheap, good];

function first(strategy: RoutingStrategy, candidates = all, conversation = 1) {
  const scores = strategy.rank({ preferences: preferencesFor('balanced'), conversation }, candidates);
  return candidates[scores.indexOf(Math.max(...scores))];
}
const failing = (one: RoutableCandidate): RoutableCandidate => ({
  ...one,
  prospect: { ...one.prospect, errorRate: 0.9 },
});

describe('a strategy', () => {
  it.each([
    ['task', task, good],
    ['cheapest', cheapest, cheap],
    ['fastest', fastest, quick],
    ['pinned', pinned('amazon.nova-micro-v1:0', task), cheap],
  ])('%s puts first what it is named after, and not when that fails', (name, strategy, expected) => {
    expect(strategy.name).toBe(name);
    expect(first(strategy)).toBe(expected);
    if (name === 'pinned') return;
    const sick = all.map((one) => (one === expected ? failing(one) : one));
    expect(first(strategy, sick)?.model).not.toBe(expected.model);
  });

  it('balanced follows the weight between cost and quality without a jump back', () => {
    const rank = [0, 0.25, 0.5, 0.75, 1].map((weight) => {
      const scores = balanced.rank({ preferences: preferencesFor('balanced', weight), conversation: 1 }, all);
      return all[scores.indexOf(Math.max(...scores))]?.prospect.quality ?? 0;
    });
    expect(rank).toEqual(rank.toSorted((left, right) => left - right));
    expect(rank[0]).toBe(0.7);
    expect(rank[4]).toBe(0.97);
  });

  it('weighted splits conversations by weight, and keeps each with its model', () => {
    const strategy = weighted(
      new Map([
        ['anthropic.claude-opus-5-5', 80],
        ['amazon.nova-lite-v1:0', 20],
      ]),
      balanced,
    );
    const choices = Array.from({ length: 3_000 }, (_, conversation) => first(strategy, all, conversation * 7_919));
    const share = choices.filter((choice) => choice === good).length / choices.length;
    expect(share).toBeGreaterThan(0.77);
    expect(share).toBeLessThan(0.83);
    expect(choices).not.toContain(cheap);
    expect(first(strategy, all, 5)).toBe(first(strategy, all.toReversed(), 5));
  });
});

describe('expected utility', () => {
  it('orders candidates so that trying them in turn is worth most', () => {
    const preferences = { costPenalty: () => 0, latencyPerSecond: 0, failure: 0.1 };
    const arms = [
      { quality: 0.8, errorRate: 0.6 },
      { quality: 0.78, errorRate: 0.1 },
      { quality: 0.6, errorRate: 0 },
    ].map((arm) => ({ prior: 0, usdPerThousand: 0, latencyMs: 0, affinity: 0, ...arm }));
    const worth = (order: readonly (typeof arms)[number][]): number =>
      order.reduceRight((rest, { quality, errorRate }) => (1 - errorRate) * quality + errorRate * (rest - 0.1), 0);
    const chosen = arms.toSorted(
      (left, right) => utilityOf(right, preferences).score - utilityOf(left, preferences).score,
    );
    const [a, b, c] = arms as [(typeof arms)[number], (typeof arms)[number], (typeof arms)[number]];
    const orders = [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ];
    expect(worth(chosen)).toBeCloseTo(Math.max(...orders.map(worth)), 12);
  });
});
