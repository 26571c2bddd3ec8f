import { modelId, region, type Target } from '../../src/core/target.js';
import { createPerformanceTracker, type PerformanceTracker } from '../../src/routing/performance-tracker.js';
import { spreadTargets } from '../../src/routing/target-spread.js';
import { outcomes } from './outcomes.js';
import { normal, type SimulatedClock, seededRandom, simulatedClock } from './simulated-clock.js';

/* Four equal regions of one model behind queues, one of them slow for a while: who gets how much, and what waits? */

export interface BalancingResult {
  readonly p50S: number;
  readonly p99S: number;
  /** Largest less smallest share of the regions that are never slow, as a part of their mean. */
  readonly healthySpread: number;
  readonly shares: readonly number[];
}

export interface BalancingSetup {
  readonly rps: number;
  readonly durationS: number;
  readonly workers: number;
  readonly serviceS: number;
  readonly slow: { readonly fromS: number; readonly toS: number; readonly factor: number };
}

export const defaultBalancing: BalancingSetup = {
  rps: 20,
  durationS: 600,
  workers: 8,
  serviceS: 1,
  slow: { fromS: 150, toS: 350, factor: 5 },
};

interface Balancer {
  readonly name: string;
  choose(): number;
  onStart(place: number): void;
  onEnd(place: number, seconds: number): void;
}

const places = 4;
const slowPlace = 1;
const latencySigma = 0.3;

type MakeBalancer = (tools: { clock: SimulatedClock; random: () => number; seed: number }) => Balancer;

const counting =
  (name: string, choose: (inFlight: readonly number[], random: () => number, turn: number) => number): MakeBalancer =>
  ({ random }) => {
    const inFlight = new Array<number>(places).fill(0);
    let turn = 0;
    const add = (place: number, by: number) => {
      inFlight[place] = (inFlight[place] ?? 0) + by;
    };
    return {
      name,
      choose: () => {
        turn += 1;
        return choose(inFlight, random, turn);
      },
      onStart: (place) => add(place, 1),
      onEnd: (place) => add(place, -1),
    };
  };

const leastOf = (inFlight: readonly number[], among: readonly number[]): number =>
  among.toSorted((left, right) => (inFlight[left] ?? 0) - (inFlight[right] ?? 0))[0] ?? 0;

function twoChoices(inFlight: readonly number[], random: () => number): number {
  const first = Math.floor(random() * places);
  const second = (first + 1 + Math.floor(random() * (places - 1))) % places;
  return leastOf(inFlight, [first, second]);
}

const server: MakeBalancer = ({ clock, seed }) => {
  const tracker: PerformanceTracker = createPerformanceTracker({ clock });
  const targets = ['us-east-1', 'us-east-2', 'us-west-1', 'us-west-2'].map(
    (name): Target => ({ model: modelId('simulated'), region: region(name) }),
  );
  const origin = { requestId: '', caller: '', atMs: 0 };
  const targetOf = (place: number): Target => targets[place] as Target;
  return {
    name: 'server (P2C, peak EWMA)',
    choose: () => targets.indexOf(spreadTargets(targets, { load: tracker, regionWeights: {}, seed })[0] as Target),
    onStart: (place) => tracker.onCallEvent({ type: 'attempt-started', target: targetOf(place), number: 1 }, origin),
    onEnd: (place, seconds) => {
      const attempt = { target: targetOf(place), number: 1, outcome: 'succeeded' as const, latencyMs: seconds * 1_000 };
      tracker.onCallEvent({ type: 'attempt-ended', ...attempt }, origin);
    },
  };
};

export const balancers: readonly MakeBalancer[] = [
  counting('round robin', (_, __, turn) => turn % places),
  counting('least in flight', (inFlight, random) => {
    const from = Math.floor(random() * places);
    return leastOf(
      inFlight,
      [0, 1, 2, 3].map((place) => (place + from) % places),
    );
  }),
  counting('two choices in flight', twoChoices),
  server,
];

/** One run; the balancer learns of each call when it begins and when it ends. */
export function runBalancing(
  make: MakeBalancer,
  setup: BalancingSetup,
  seed: number,
): BalancingResult & { name: string } {
  const clock = simulatedClock();
  const random = seededRandom(seed);
  const balancer = make({ clock, random: seededRandom(seed + 77), seed });
  const later = outcomes(clock);
  const free = Array.from({ length: places }, () => new Array<number>(setup.workers).fill(0));
  const counts = new Array<number>(places).fill(0);
  const latencies: number[] = [];
  for (let now = 0; now < setup.durationS; now += -Math.log(1 - random()) / setup.rps) {
    later.deliverUntil(now);
    const place = balancer.choose();
    counts[place] = (counts[place] ?? 0) + 1;
    balancer.onStart(place);
    const end = serveAt(free[place] ?? [], now, place, setup, normal(random));
    latencies.push(end - now);
    const took = end - now;
    later.at(end, () => balancer.onEnd(place, took));
  }
  return { name: balancer.name, ...summary(latencies, counts) };
}

/** Takes the worker that is free first; the second at which it is done. */
function serveAt(workers: number[], now: number, place: number, setup: BalancingSetup, luck: number): number {
  const worker = workers.indexOf(Math.min(...workers));
  const begin = Math.max(now, workers[worker] ?? 0);
  const { fromS, toS, factor } = setup.slow;
  const isSlow = place === slowPlace && begin >= fromS && begin < toS;
  const end = begin + setup.serviceS * Math.exp(latencySigma * luck) * (isSlow ? factor : 1);
  workers[worker] = end;
  return end;
}

function summary(latencies: readonly number[], counts: readonly number[]): BalancingResult {
  const sorted = latencies.toSorted((left, right) => left - right);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
  const healthy = counts.filter((_, place) => place !== slowPlace);
  const mean = healthy.reduce((sum, count) => sum + count, 0) / healthy.length;
  return {
    p50S: at(0.5),
    p99S: at(0.99),
    healthySpread: (Math.max(...healthy) - Math.min(...healthy)) / mean,
    shares: counts.map((count) => count / latencies.length),
  };
}
