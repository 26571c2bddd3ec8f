import type { AttemptSummary } from '../../src/core/events.js';
import type { Task } from '../../src/core/request.js';
import { modelId, region, type Target } from '../../src/core/target.js';
import { createPerformanceTracker } from '../../src/routing/performance-tracker.js';
import { createQualityPosteriors, type PosteriorOptions } from '../../src/routing/quality-posteriors.js';
import { utilityOf } from '../../src/routing/utility.js';
import { type Scenario, stateAt } from './scenario.js';
import type { SimulatedClock } from './simulated-clock.js';

/** One way to order the models for a request; models are numbers, the first of the answer is tried first. */
export interface Policy {
  readonly name: string;
  order(task: Task, second: number): readonly number[];
  onStart(model: number): void;
  onAttempt(model: number, outcome: { readonly ok: boolean; readonly seconds: number }): void;
  onRating(model: number, task: Task, rating: number): void;
}

export interface PolicySetup {
  readonly scenario: Scenario;
  readonly clock: SimulatedClock;
  readonly random: () => number;
  readonly seed: number;
}

const nothing = () => undefined;
const deaf = { onStart: nothing, onAttempt: nothing, onRating: nothing };

const indices = ({ models }: Scenario): readonly number[] => models.map((_, index) => index);

function descending(scores: readonly number[]): readonly number[] {
  return scores.map((_, index) => index).toSorted((left, right) => (scores[right] ?? 0) - (scores[left] ?? 0));
}

const priorOf = (scenario: Scenario, model: number, task: Task): number => {
  const known = scenario.models[model];
  return known?.prior?.[task] ?? known?.quality[task] ?? 0;
};

/** What the policies that know nothing but the start expect of a call. */
function startingUtility(scenario: Scenario, model: number, task: Task): number {
  const { usd, second } = scenario.weights;
  const known = scenario.models[model];
  return priorOf(scenario, model, task) - usd * (known?.usd_per_thousand ?? 0) - second * (known?.latency_s ?? 0);
}

export function clairvoyant({ scenario }: PolicySetup): Policy {
  const { weights, failure_s } = scenario;
  return {
    ...deaf,
    name: 'clairvoyant',
    order: (task, second) =>
      descending(
        stateAt(scenario, second).map((state, model) => {
          // The mean of a lognormal latency lies above its median.
          const seconds = state.latencyS * Math.exp(scenario.latency_sigma ** 2 / 2);
          const usd = scenario.models[model]?.usd_per_thousand ?? 0;
          const alive = state.quality[task] - weights.usd * usd - weights.second * seconds;
          return alive - (weights.second * failure_s) / Math.max(1 - state.errorRate, 1e-6);
        }),
      ),
  };
}

export function roundRobin({ scenario }: PolicySetup): Policy {
  let turn = 0;
  const all = indices(scenario);
  return {
    ...deaf,
    name: 'round robin',
    order: () => {
      turn = (turn + 1) % all.length;
      return [...all.slice(turn), ...all.slice(0, turn)];
    },
  };
}

export function staticMap({ scenario }: PolicySetup): Policy {
  return {
    ...deaf,
    name: 'static task map',
    order: (task) => descending(scenario.models.map((_, model) => startingUtility(scenario, model, task))),
  };
}

interface Means {
  readonly of: (task: Task, model: number) => { count: number; mean: number };
  readonly policy: Pick<Policy, 'onStart' | 'onAttempt' | 'onRating'>;
  readonly pulls: (task: Task) => number;
}

/** Mean utility per task and model, of all time, as the textbook bandits keep it; a failure counts as its cost. */
function meansOf({ scenario }: PolicySetup, currentTask: () => Task): Means {
  const table = new Map<string, { count: number; mean: number }>();
  const entry = (task: Task, model: number) => {
    const key = `${task} ${model}`;
    const known = table.get(key) ?? { count: 1, mean: startingUtility(scenario, model, task) };
    table.set(key, known);
    return known;
  };
  const add = (task: Task, model: number, value: number) => {
    const known = entry(task, model);
    known.count += 1;
    known.mean += (value - known.mean) / known.count;
  };
  const { usd, second } = scenario.weights;
  return {
    of: entry,
    pulls: (task) => scenario.models.reduce((sum, _, model) => sum + entry(task, model).count, 0),
    policy: {
      onStart: nothing,
      onAttempt: (model, { ok, seconds }) => {
        const task = currentTask();
        const price = scenario.models[model]?.usd_per_thousand ?? 0;
        const quality = priorOf(scenario, model, task);
        add(task, model, ok ? quality - usd * price - second * seconds : -second * scenario.failure_s);
      },
      onRating: (model, task, rating) => {
        const price = scenario.models[model]?.usd_per_thousand ?? 0;
        const seconds = scenario.models[model]?.latency_s ?? 0;
        add(task, model, rating - usd * price - second * seconds);
      },
    },
  };
}

export function epsilonGreedy(setup: PolicySetup): Policy {
  let task: Task = 'general';
  const means = meansOf(setup, () => task);
  const all = indices(setup.scenario);
  return {
    ...means.policy,
    name: 'ε-greedy .1',
    order: (asked) => {
      task = asked;
      const best = descending(all.map((model) => means.of(asked, model).mean));
      if (setup.random() >= 0.1) return best;
      const explored = Math.floor(setup.random() * all.length);
      return [explored, ...best.filter((model) => model !== explored)];
    },
  };
}

export function upperConfidence(setup: PolicySetup): Policy {
  let task: Task = 'general';
  const means = meansOf(setup, () => task);
  const all = indices(setup.scenario);
  return {
    ...means.policy,
    name: 'UCB1 c=.2',
    order: (asked) => {
      task = asked;
      const total = Math.log(means.pulls(asked));
      const bound = (model: number) => {
        const { mean, count } = means.of(asked, model);
        return mean + 0.2 * Math.sqrt(total / count);
      };
      return descending(all.map(bound));
    },
  };
}

export const simulatedTarget = (name: string): Target => ({ model: modelId(name), region: region('us-east-1') });

/** The selection of the server: its utility, posteriors and tracker, told the time and the seed. */
export function serverSelection(setup: PolicySetup, options: Partial<PosteriorOptions> = {}): Policy {
  const { scenario, clock, seed } = setup;
  const tracker = createPerformanceTracker({ clock });
  const posteriors = createQualityPosteriors({ seed, ...options });
  const targets = scenario.models.map(({ name }) => simulatedTarget(name));
  const { weights, failure_s } = scenario;
  const preferences = {
    costPenalty: (usdPerThousand: number) => weights.usd * usdPerThousand,
    latencyPerSecond: weights.second,
    failure: weights.second * failure_s,
  };
  const armOf = (model: number, task: Task) =>
    ({ model: scenario.models[model]?.name ?? '', task, level: 'medium' }) as const;
  const origin = { requestId: '', caller: '', atMs: 0 };
  let attempts = 0;
  return {
    name: 'server',
    order: (task) =>
      descending(
        scenario.models.map((known, model) => {
          const target = targets[model];
          const measured = target && tracker.of(target);
          return utilityOf(
            {
              quality: posteriors.draw(armOf(model, task), priorOf(scenario, model, task), tracker.version()),
              prior: 0,
              usdPerThousand: known.usd_per_thousand,
              latencyMs: measured?.latencyMs ?? known.latency_s * 1_000,
              errorRate: measured?.errorRate ?? 0,
              affinity: 0,
            },
            preferences,
          ).score;
        }),
      ),
    onStart: (model) => {
      const target = targets[model];
      if (target !== undefined) tracker.onCallEvent({ type: 'attempt-started', target, number: 1 }, origin);
    },
    onAttempt: (model, { ok, seconds }) => {
      const target = targets[model];
      if (target === undefined) return;
      attempts += 1;
      tracker.onCallEvent({ type: 'attempt-ended', ...attemptOf(target, attempts, ok, seconds) }, origin);
    },
    onRating: (model, task, rating) =>
      posteriors.observe(armOf(model, task), priorOf(scenario, model, task), rating, 1),
  };
}

function attemptOf(target: Target, number: number, ok: boolean, seconds: number): AttemptSummary {
  const base = { target, number, latencyMs: seconds * 1_000 };
  if (ok) return { ...base, outcome: 'succeeded' };
  return { ...base, outcome: 'failed', failure: { category: 'model_error', message: 'simulated' } };
}

export const policyMakers = [
  clairvoyant,
  roundRobin,
  staticMap,
  epsilonGreedy,
  upperConfidence,
  serverSelection,
] as const;
