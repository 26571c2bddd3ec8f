import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { percentile } from '../lab/application.js';
import { type StdioCaller, startStdioCaller } from './stdio-caller.js';

export const hitPathBar = 0.8;
const prompt = 'What is the capital of France?';
const warmUpCalls = 3_000;
const turnsOfARound = 4;

export interface HitPathPlan {
  readonly rounds: number;
  readonly callsOfATurn: number;
  readonly atOnce: number;
}

export interface HitPathFigures {
  readonly atOnce: number;
  /** Calls per second, medians of the rounds. */
  readonly hitsPerSecond: number;
  readonly echoesPerSecond: number;
  /** Of this server to the bare one in the same round: median and quartiles. */
  readonly ratio: number;
  readonly quartiles: readonly [number, number];
  /** CPU of one call, microseconds, user and system with everything that Node does beside; absent without /proc. */
  readonly hitCpuMicroseconds?: number;
  readonly echoCpuMicroseconds?: number;
}

/** Calls that are answered from the cache beside calls of a bare echo tool, both over stdio, by turns. */
export async function measureHitPath(plans: readonly HitPathPlan[]): Promise<readonly HitPathFigures[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-cache-'));
  const echo = await startStdioCaller({
    args: [fileURLToPath(new URL('echo-server.mjs', import.meta.url))],
    tool: 'echo',
    toolArguments: { prompt },
  });
  const server = await startStdioCaller({
    args: ['dist/src/main.js', 'serve', '--sandbox'],
    env: { BEDROCK_DATA_DIR: dataDir },
    tool: 'bedrock_invoke',
    toolArguments: { prompt, model: 'nova-lite' },
  });
  try {
    for (const caller of [echo, server]) await caller.call(warmUpCalls, 16);
    assertHit(await server.call(1, 1));
    const figures: HitPathFigures[] = [];
    for (const plan of plans) figures.push(await measure([server, echo], plan));
    return figures;
  } finally {
    echo.close();
    server.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

type Sides = readonly [StdioCaller, StdioCaller];

async function measure(sides: Sides, plan: HitPathPlan): Promise<HitPathFigures> {
  const before = sides.map((side) => side.cpuMs());
  const rounds: (readonly [number, number])[] = [];
  for (let round = 0; round < plan.rounds; round += 1) rounds.push(await oneRound(sides, plan));
  assertHit(await sides[0].call(1, 1));
  const calls = plan.rounds * turnsOfARound * plan.callsOfATurn;
  const [hitCpuMicroseconds, echoCpuMicroseconds] = sides.map((side, index) => {
    const [from, to] = [before[index], side.cpuMs()];
    return from === undefined || to === undefined ? undefined : Math.round(((to - from) * 1_000) / calls);
  });
  const perSecond = (side: 0 | 1) =>
    Math.round(
      percentile(
        rounds.map((rates) => rates[side]),
        0.5,
      ),
    );
  const ratios = rounds.map(([ours, bare]) => ours / bare);
  const ratioAt = (share: number) => Number(percentile(ratios, share).toFixed(3));
  return {
    atOnce: plan.atOnce,
    hitsPerSecond: perSecond(0),
    echoesPerSecond: perSecond(1),
    ratio: ratioAt(0.5),
    quartiles: [ratioAt(0.25), ratioAt(0.75)],
    ...(hitCpuMicroseconds !== undefined && { hitCpuMicroseconds }),
    ...(echoCpuMicroseconds !== undefined && { echoCpuMicroseconds }),
  };
}

/** Short turns, so that whatever else the machine does falls on both; who goes first changes each time. */
async function oneRound(sides: Sides, { callsOfATurn, atOnce }: HitPathPlan): Promise<readonly [number, number]> {
  const taken: [number, number] = [0, 0];
  for (let turn = 0; turn < turnsOfARound; turn += 1) {
    const order = turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const);
    for (const side of order) {
      const startedAt = performance.now();
      await sides[side].call(callsOfATurn, atOnce);
      taken[side] += performance.now() - startedAt;
    }
  }
  const calls = turnsOfARound * callsOfATurn;
  return [(calls / taken[0]) * 1_000, (calls / taken[1]) * 1_000];
}

function assertHit(answer: unknown): void {
  const text = JSON.stringify(answer);
  if (!text.includes('"hit":true,"tier":"memory"')) throw new Error(`this is no answer from memory: ${text}`);
}
