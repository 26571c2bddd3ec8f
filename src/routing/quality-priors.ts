import type { Model } from '../core/model.js';
import type { Task } from '../core/request.js';
import type { ComplexityLevel } from '../core/routing.js';

/*
 * Opinions of 2026-11, not measurements: how likely a model is to answer a hard request of each kind well, before
 * anybody has rated it here. They are derived from price tier, generation and what the family was made for, and only
 * have to be right enough to start from; ratings move them (quality-posteriors.ts).
 */

type Strength = Readonly<Record<Task, number>>;

const strength = (code: number, reasoning: number, general: number): Strength => ({ code, reasoning, general });

/** The first row whose start fits the model's id counts, so the special ones stand before the general. */
const opinions: readonly (readonly [start: string, Strength])[] = [
  ['anthropic.claude-fable', strength(0.94, 0.95, 0.94)],
  ['anthropic.claude-opus-5', strength(0.95, 0.95, 0.94)],
  ['anthropic.claude-opus-4', strength(0.92, 0.92, 0.92)],
  ['anthropic.claude-sonnet-5', strength(0.93, 0.9, 0.92)],
  ['anthropic.claude-sonnet-4', strength(0.89, 0.86, 0.89)],
  ['anthropic.claude-haiku-5', strength(0.82, 0.79, 0.82)],
  ['anthropic.claude-haiku-4', strength(0.8, 0.76, 0.8)],
  ['openai.gpt-6-luna', strength(0.73, 0.76, 0.8)],
  ['openai.gpt-6', strength(0.9, 0.93, 0.92)],
  ['openai.gpt-5.6-luna', strength(0.72, 0.74, 0.79)],
  ['openai.gpt-5', strength(0.88, 0.9, 0.9)],
  ['openai.gpt-oss-120b', strength(0.74, 0.8, 0.74)],
  ['openai.gpt-oss-20b', strength(0.62, 0.68, 0.64)],
  ['qwen.qwen3-coder-480b', strength(0.82, 0.66, 0.68)],
  ['qwen.qwen3-coder', strength(0.76, 0.6, 0.62)],
  ['qwen.qwen3', strength(0.7, 0.74, 0.72)],
  ['deepseek', strength(0.78, 0.82, 0.78)],
  ['moonshotai.kimi-k3', strength(0.88, 0.89, 0.88)],
  ['moonshot', strength(0.8, 0.82, 0.8)],
  ['zai.glm-4.7-flash', strength(0.66, 0.64, 0.66)],
  ['zai.glm', strength(0.82, 0.8, 0.8)],
  ['minimax', strength(0.78, 0.74, 0.74)],
  ['mistral.devstral', strength(0.78, 0.6, 0.62)],
  ['mistral.magistral', strength(0.62, 0.7, 0.64)],
  ['mistral.mistral-large-3', strength(0.74, 0.72, 0.8)],
  ['mistral.ministral', strength(0.46, 0.42, 0.54)],
  ['amazon.nova-2-lite', strength(0.74, 0.74, 0.83)],
  ['amazon.nova-pro', strength(0.68, 0.66, 0.8)],
  ['amazon.nova-lite', strength(0.56, 0.52, 0.74)],
  ['amazon.nova-micro', strength(0.48, 0.44, 0.66)],
  ['xai.grok', strength(0.84, 0.87, 0.85)],
];

/** Without an opinion the price of the output tells the tier. */
const byPrice = { free: 0.4, perDecade: 0.2, most: 0.85 };

/** How much of a model's weakness shows: a simple request is answered well by nearly all of them. */
const difficulty: Readonly<Record<ComplexityLevel, number>> = { simple: 0.25, medium: 0.6, complex: 1 };

/** What a place in a list of preferred models says: it goes before any opinion of ours. */
const preferred = { first: 0.95, step: 0.08, least: 0.4 };
/** Models in no list: above this strength they hardly differ, so that they stay behind the first three of a list. */
const unlisted = { strong: 0.76, slope: 0.1 };

/** 0 to 1, on hard requests. */
export function strengthOf(model: Pick<Model, 'id' | 'price'>, task: Task): number {
  const opinion = opinions.find(([start]) => model.id.startsWith(start))?.[1][task];
  const price = model.price.output ?? 0;
  return opinion ?? Math.min(byPrice.most, byPrice.free + byPrice.perDecade * Math.log10(1 + 10 * price));
}

/**
 * Quality to expect of an answer, 0 to 1. `preference` is the place in the operator's or our list for the task, from 0;
 * a model that is in none stays behind the first of them until ratings say otherwise.
 */
export function priorQuality(
  model: Pick<Model, 'id' | 'price'>,
  task: Task,
  level: ComplexityLevel,
  preference: number | undefined,
): number {
  const strong = preference === undefined ? unlistedStrength(strengthOf(model, task)) : listedStrength(preference);
  return 1 - difficulty[level] * (1 - strong);
}

const listedStrength = (preference: number): number =>
  Math.max(preferred.least, preferred.first - preferred.step * preference);

function unlistedStrength(own: number): number {
  return own <= unlisted.strong ? own : unlisted.strong + unlisted.slope * (own - unlisted.strong);
}
