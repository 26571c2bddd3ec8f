import { type Task, tasks } from '../../src/core/request.js';
import { type Outcomes, outcomes } from './outcomes.js';
import type { Policy, PolicySetup } from './policies.js';
import { type Scenario, stateAt } from './scenario.js';
import { normal, seededRandom, simulatedClock } from './simulated-clock.js';

export interface RunResult {
  readonly utility: number;
  readonly p95LatencyS: number;
  readonly usdPerThousand: number;
}

interface Request {
  readonly second: number;
  readonly task: Task;
  /** Draws fixed for the request, so that every policy meets the same luck. */
  readonly luck: readonly { readonly fails: number; readonly latency: number }[];
  readonly rated: boolean;
  readonly ratingNoise: number;
}

const mostTries = 4;

function requestsOf(scenario: Scenario, rps: number, seed: number): readonly Request[] {
  const random = seededRandom(seed);
  const requests: Request[] = [];
  const total = tasks.reduce((sum, task) => sum + (scenario.task_shares[task] ?? 0), 0);
  for (let second = -Math.log(1 - random()) / rps; second < scenario.duration_s; ) {
    requests.push({
      second,
      task: pickTask(scenario, random() * total),
      luck: scenario.models.map(() => ({ fails: random(), latency: normal(random) })),
      rated: random() < scenario.feedback_rate,
      ratingNoise: normal(random),
    });
    second += -Math.log(1 - random()) / rps;
  }
  return requests;
}

function pickTask({ task_shares }: Scenario, point: number): Task {
  let left = point;
  for (const task of tasks) {
    left -= task_shares[task] ?? 0;
    if (left < 0) return task;
  }
  return 'general';
}

interface Served {
  readonly utility: number;
  readonly seconds: number;
  readonly usd: number;
}

function serve(scenario: Scenario, request: Request, policy: Policy, later: Outcomes): Served {
  const states = stateAt(scenario, request.second);
  const { weights, failure_s, latency_sigma } = scenario;
  let seconds = 0;
  for (const model of policy.order(request.task, request.second).slice(0, mostTries)) {
    const [state, luck, known] = [states[model], request.luck[model], scenario.models[model]];
    if (state === undefined || luck === undefined || known === undefined) break;
    const ok = luck.fails >= state.errorRate;
    const took = ok ? state.latencyS * Math.exp(latency_sigma * luck.latency) : failure_s;
    later.at(request.second + seconds, () => policy.onStart(model));
    seconds += took;
    later.at(request.second + seconds, () => policy.onAttempt(model, { ok, seconds: took }));
    if (!ok) continue;
    const quality = state.quality[request.task];
    later.at(request.second + seconds, () => rate(scenario, request, policy, model, quality));
    const usd = known.usd_per_thousand;
    return { utility: quality - weights.usd * usd - weights.second * seconds, seconds, usd };
  }
  return { utility: -weights.second * seconds, seconds, usd: 0 };
}

function rate({ feedback_noise }: Scenario, request: Request, policy: Policy, model: number, quality: number): void {
  if (!request.rated) return;
  const rating = quality + feedback_noise * request.ratingNoise;
  policy.onRating(model, request.task, Math.min(1, Math.max(0, rating)));
}

/** Sends the same requests of one seed through one policy. */
export function runPolicy(
  make: (setup: PolicySetup) => Policy,
  { scenario, rps, seed }: { readonly scenario: Scenario; readonly rps: number; readonly seed: number },
): RunResult {
  const clock = simulatedClock();
  const policy = make({ scenario, clock, seed, random: seededRandom(seed + 0x5eed) });
  const later = outcomes(clock);
  const served = requestsOf(scenario, rps, seed).map((request) => {
    later.deliverUntil(request.second);
    return serve(scenario, request, policy, later);
  });
  const latencies = served.map(({ seconds }) => seconds).toSorted((left, right) => left - right);
  const mean = (pick: (one: Served) => number) => served.reduce((sum, one) => sum + pick(one), 0) / served.length;
  return {
    utility: mean(({ utility }) => utility),
    p95LatencyS: latencies[Math.floor(latencies.length * 0.95)] ?? 0,
    usdPerThousand: mean(({ usd }) => usd),
  };
}
