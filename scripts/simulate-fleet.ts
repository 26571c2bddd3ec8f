import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { balancers, defaultBalancing, runBalancing } from './simulation/balancing.js';
import { type RunResult, runPolicy } from './simulation/fleet.js';
import { policyMakers } from './simulation/policies.js';
import { randomScenario } from './simulation/random-scenario.js';
import { defaultScenario, parseScenario, type Scenario } from './simulation/scenario.js';

/*
 * Replays drifting fleets against the selection of the server and against simpler policies, and equal regions of which one
 * is slow. Everything random comes from seeds. Settings were tuned on the random fleets 5000 to 5011; seeds of a report
 * start at 1 by default and never reach those.
 */

interface Flags {
  readonly events?: string;
  readonly random: boolean;
  readonly seeds: string;
  readonly firstSeed: string;
  readonly rps: string;
  readonly json?: string;
}

interface Row {
  readonly policy: string;
  readonly rps: number;
  /** Part of the clairvoyant utility, in per cent: mean over the seeds, and the worst of them. */
  readonly utilityPercent: number;
  readonly worstPercent: number;
  readonly p95LatencyS: number;
  readonly usdPerThousand: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function fleetRows(scenarioOf: (seed: number) => Scenario, seeds: readonly number[], rps: number): readonly Row[] {
  const runs = policyMakers.map((make) =>
    seeds.map((seed): RunResult => runPolicy(make, { scenario: scenarioOf(seed), rps, seed })),
  );
  const best = runs[0] ?? [];
  return runs.map((results, index) => {
    const percents = results.map(({ utility }, run) => (100 * utility) / (best[run]?.utility ?? 1));
    return {
      policy: policyName(index),
      rps,
      utilityPercent: mean(percents),
      worstPercent: Math.min(...percents),
      p95LatencyS: mean(results.map(({ p95LatencyS }) => p95LatencyS)),
      usdPerThousand: mean(results.map(({ usdPerThousand }) => usdPerThousand)),
    };
  });
}

const names = ['clairvoyant', 'round robin', 'static task map', 'ε-greedy .1', 'UCB1', 'server'];
const policyName = (index: number): string => names[index] ?? '';

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printFleet(rows: readonly Row[]): void {
  print('policy              rps   utility %   worst   p95 s   $/1k');
  for (const { policy, rps, utilityPercent, worstPercent, p95LatencyS, usdPerThousand } of rows) {
    const figures = [utilityPercent.toFixed(2).padStart(8), worstPercent.toFixed(2).padStart(8)];
    print(
      `${policy.padEnd(18)} ${String(rps).padStart(4)}  ${figures.join('  ')}  ${p95LatencyS.toFixed(2).padStart(5)}  ${usdPerThousand.toFixed(2).padStart(5)}`,
    );
  }
}

function balancingRows(seeds: readonly number[]) {
  return balancers.map((make) => {
    const runs = seeds.map((seed) => runBalancing(make, defaultBalancing, seed));
    return {
      balancer: runs[0]?.name ?? '',
      p50S: mean(runs.map(({ p50S }) => p50S)),
      p99S: mean(runs.map(({ p99S }) => p99S)),
      healthySpreadPercent: 100 * mean(runs.map(({ healthySpread }) => healthySpread)),
    };
  });
}

function printBalancing(rows: ReturnType<typeof balancingRows>): void {
  print('\nbalancer                   p50 s    p99 s   spread over the healthy');
  for (const { balancer, p50S, p99S, healthySpreadPercent } of rows) {
    print(
      `${balancer.padEnd(24)} ${p50S.toFixed(2).padStart(7)}  ${p99S.toFixed(2).padStart(7)}   ${healthySpreadPercent.toFixed(1)} %`,
    );
  }
}

function run({ events, random, seeds: count, firstSeed, rps, json }: Flags): void {
  const scenario = events === undefined ? defaultScenario : parseScenario(JSON.parse(readFileSync(events, 'utf8')));
  const scenarioOf = random ? randomScenario : () => scenario;
  const seeds = Array.from({ length: Number(count) }, (_, index) => Number(firstSeed) + index);
  const fleet = rps.split(',').flatMap((rate) => fleetRows(scenarioOf, seeds, Number(rate)));
  const balancing = balancingRows(seeds);
  printFleet(fleet);
  printBalancing(balancing);
  if (json === undefined) return;
  mkdirSync(dirname(json), { recursive: true });
  writeFileSync(json, `${JSON.stringify({ seeds, random, fleet, balancing }, null, 2)}\n`);
}

new Command('simulate-fleet')
  .description('compare routing policies on simulated fleets that drift')
  .option(
    '--events <file>',
    'JSON: a list of events, or duration_s, models, events, … (scripts/simulation/scenario.ts)',
  )
  .option('--random', 'another fleet and fate for every seed', false)
  .option('--seeds <count>', 'how many seeds', '20')
  .option('--first-seed <number>', 'the first of them', '1')
  .option('--rps <rates>', 'requests a second, separated by commas', '10,1')
  .option('--json <file>', 'also write the figures')
  .action(run)
  .parse();
