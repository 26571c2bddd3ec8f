import { z } from 'zod';
import { type Task, tasks } from '../../src/core/request.js';

/* A fleet of models and what happens to it, as data: the built-in one, or one read from a file. */

const byTask = z.record(z.enum(tasks), z.number().min(0).max(1));

const simulatedModel = z.strictObject({
  name: z.string().min(1),
  /** True quality of an answer by task. */
  quality: byTask,
  /** What the policies are told of it at the start; without it the true quality. */
  prior: byTask.optional(),
  latency_s: z.number().positive(),
  usd_per_thousand: z.number().min(0),
});

const driftEvent = z.strictObject({
  at_s: z.number().min(0),
  /** Without an end it stays. */
  for_s: z.number().positive().optional(),
  model: z.string(),
  kind: z.enum(['error_rate', 'slow', 'quality', 'outage']),
  /** error_rate: 0 to 1; slow: factor of the latency; quality: added to it; outage: none. */
  value: z.number().optional(),
});

const scenarioSchema = z.strictObject({
  duration_s: z.number().positive().max(86_400),
  models: z.array(simulatedModel).min(2).max(50),
  events: z.array(driftEvent),
  task_shares: z.record(z.enum(tasks), z.number().min(0)).default({ code: 1, reasoning: 1, general: 1 }),
  /** Spread of the latency around its median, in logarithms. */
  latency_sigma: z.number().min(0).default(0.35),
  /** Part of the answers that is rated, and how far ratings scatter around the true quality. */
  feedback_rate: z.number().min(0).max(1).default(0.25),
  feedback_noise: z.number().min(0).default(0.1),
  failure_s: z.number().positive().default(1),
  /** Utility = quality − usd · USD per thousand calls − second · seconds. */
  weights: z.strictObject({ usd: z.number(), second: z.number() }).default({ usd: 0.02, second: 0.03 }),
});

export type Scenario = z.output<typeof scenarioSchema>;

const model = (name: string, quality: readonly [number, number, number], seconds: number, usd: number) => ({
  name,
  quality: { code: quality[0], reasoning: quality[1], general: quality[2] },
  latency_s: seconds,
  usd_per_thousand: usd,
});

/** Six models, of which each is the best choice for something at some time, and everything that may happen to them. */
export const defaultScenario: Scenario = scenarioSchema.parse({
  duration_s: 1_200,
  models: [
    model('frontier', [0.93, 0.92, 0.93], 2.6, 4),
    model('reasoner', [0.84, 0.95, 0.84], 4, 5),
    model('coder', [0.92, 0.78, 0.76], 1.8, 2),
    model('workhorse', [0.84, 0.8, 0.87], 1.5, 1.2),
    model('small', [0.7, 0.62, 0.8], 0.8, 0.3),
    model('tiny', [0.55, 0.48, 0.68], 0.5, 0.1),
  ],
  events: [
    { at_s: 120, for_s: 240, model: 'coder', kind: 'error_rate', value: 0.7 },
    { at_s: 240, for_s: 240, model: 'workhorse', kind: 'slow', value: 6 },
    { at_s: 420, for_s: 200, model: 'frontier', kind: 'error_rate', value: 0.25 },
    { at_s: 540, for_s: 400, model: 'coder', kind: 'quality', value: -0.25 },
    { at_s: 760, for_s: 120, model: 'workhorse', kind: 'outage' },
    { at_s: 900, model: 'small', kind: 'quality', value: 0.12 },
  ],
});

/**
 * A whole scenario, or a list of events that befall the built-in fleet; what a scenario leaves out is as built in.
 * @throws when it is neither; the message names the field.
 */
export function parseScenario(json: unknown): Scenario {
  const given = Array.isArray(json) ? { events: json } : (json as object);
  const scenario = scenarioSchema.parse({ ...defaultScenario, ...given });
  const known = new Set(scenario.models.map(({ name }) => name));
  for (const { model: name } of scenario.events) {
    if (!known.has(name))
      throw new Error(`An event names ${JSON.stringify(name)}, but the fleet has ${[...known].join(', ')}.`);
  }
  return scenario;
}

export interface ModelState {
  readonly quality: Readonly<Record<Task, number>>;
  readonly latencyS: number;
  readonly errorRate: number;
}

/** What is true of each model at that second. */
export function stateAt(scenario: Scenario, second: number): readonly ModelState[] {
  return scenario.models.map((one) => {
    let [added, factor, errorRate] = [0, 1, 0];
    for (const { at_s, for_s = Number.POSITIVE_INFINITY, model: name, kind, value = 0 } of scenario.events) {
      if (name !== one.name || second < at_s || second >= at_s + for_s) continue;
      if (kind === 'quality') added += value;
      if (kind === 'slow') factor *= value;
      if (kind === 'error_rate') errorRate = Math.max(errorRate, value);
      if (kind === 'outage') errorRate = 1;
    }
    const shifted = (task: Task) => Math.min(1, Math.max(0, (one.quality[task] ?? 0) + added));
    const quality = { code: shifted('code'), reasoning: shifted('reasoning'), general: shifted('general') };
    return { quality, latencyS: one.latency_s * factor, errorRate };
  });
}
