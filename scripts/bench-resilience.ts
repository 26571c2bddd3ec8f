import { parseArgs } from 'node:util';
import { createAuthenticationManager } from '../src/bedrock/authentication-manager.js';
import { createBedrockClient } from '../src/bedrock/bedrock-client.js';
import { systemClock } from '../src/core/clock.js';
import { attemptBudget } from '../src/core/pipeline.js';
import { modelRequest } from '../src/core/request.js';
import { modelId, profileId, region } from '../src/core/target.js';
import type { FaultSpec } from '../src/sandbox/faults.js';
import { sandboxCredentials } from '../src/sandbox/sandbox.js';
import { isAnswer, type Lab, openLab, percentile } from './lab/application.js';

/*
 * What failures cost callers, here and under the naive policy: fixed waits of 1, 2 and 4 s, no breaker, no failover.
 * `npx tsx scripts/bench-resilience.ts [--calls 5000] [--naive-calls 200]`: calls of ours in each measurement under faults.
 */

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '5000' }, 'naive-calls': { type: 'string', default: '200' } },
});

const preferred = 'amazon.nova-lite-v1:0';
const models = [preferred, 'amazon.nova-micro-v1:0', 'amazon.nova-pro-v1:0'];
const home = 'us-east-1';
const other = 'us-west-2';
const latency = { firstTokenMs: 20, tokensPerSecond: 0 };
const runs = 3;
const callers = 50;
const callsOfARun = Math.ceil(Number(values.calls) / runs);
const naiveCalls = Math.ceil(Number(values['naive-calls']) / runs);
const routes = JSON.stringify({ code: models, reasoning: models, general: models });
const env = { AWS_BEDROCK_REGION: home, BEDROCK_TASK_ROUTES: routes, BEDROCK_DEFAULT_MODEL: preferred };

interface Measured {
  readonly success: number;
  readonly ratio: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

type Ask = (number: number) => Promise<boolean>;

const ours =
  (lab: Lab): Ask =>
  async (number) => {
    const { outcome } = await lab.call({
      prompt: `Question ${number}`,
      model: preferred,
      max_tokens: 20,
      cache: 'bypass',
    });
    return isAnswer(outcome);
  };

function naive(lab: Lab): { readonly ask: Ask; close(): void } {
  const { accessKeyId, secretAccessKey } = sandboxCredentials;
  const client = createBedrockClient({
    clock: systemClock,
    authentication: createAuthenticationManager({ clock: systemClock, region: home, accessKeyId, secretAccessKey }),
    models: { find: () => undefined },
    source: 'sandbox',
    endpoint: lab.sandboxUrl,
    firstTokenTimeoutMs: 5_000,
    idleTimeoutMs: 30_000,
  });
  const target = { model: modelId(preferred), region: region(home), profile: profileId(`us.${preferred}`) };
  const once = (number: number) =>
    client.converse(
      { ...modelRequest.parse({ prompt: `Question ${number}` }), target, max_tokens: 20 },
      {
        requestId: `${number}`,
        tool: 'bench',
        caller: { id: 'bench', tenant: 'bench' },
        signal: new AbortController().signal,
        deadlineMs: Number.POSITIVE_INFINITY,
        attempts: attemptBudget(10),
        record: () => undefined,
      },
    );
  const ask: Ask = async (number) => {
    for (const waitMs of [1_000, 2_000, 4_000, undefined]) {
      const answered = await once(number).then(
        () => true,
        () => false,
      );
      if (answered || waitMs === undefined) return answered;
      await systemClock.sleep(waitMs);
    }
    return false;
  };
  return { ask, close: () => client.close() };
}

async function load(lab: Lab, ask: Ask, calls: number, concurrency: number): Promise<Measured> {
  const upstreamBefore = (await lab.upstream()).length;
  const elapsed: number[] = [];
  let succeeded = 0;
  let next = 0;
  const worker = async () => {
    while (next < calls) {
      next += 1;
      const startedMs = performance.now();
      if (await ask(next)) succeeded += 1;
      elapsed.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const upstream = (await lab.upstream()).length - upstreamBefore;
  const [p50Ms, p99Ms] = [percentile(elapsed, 0.5), percentile(elapsed, 0.99)];
  return { success: succeeded / calls, ratio: upstream / calls, p50Ms, p99Ms };
}

/** Each figure is the median of several runs, each with an application and a sandbox of its own. */
async function medianOf(
  measure: (lab: Lab) => Promise<Measured>,
  more: Record<string, string> = {},
): Promise<Measured> {
  const all: Measured[] = [];
  for (let run = 0; run < runs; run += 1) {
    const lab = await openLab({ env: { ...env, ...more }, latency, apart: true });
    all.push(await measure(lab));
    await lab.close();
  }
  const median = (of: keyof Measured) =>
    percentile(
      all.map((one) => one[of]),
      0.5,
    );
  return { success: median('success'), ratio: median('ratio'), p50Ms: median('p50Ms'), p99Ms: median('p99Ms') };
}

const rows: (Measured & { readonly name: string })[] = [];

function print(name: string, measured: Measured): void {
  rows.push({ name, ...measured });
  const { success, ratio, p50Ms, p99Ms } = measured;
  const figures = [
    `success ${(success * 100).toFixed(2)} %`,
    `upstream/requests ${ratio.toFixed(2)}`,
    `p50 ${p50Ms.toFixed(1)} ms`,
    `p99 ${p99Ms.toFixed(1)} ms`,
  ];
  process.stdout.write(`${name.padEnd(46)} ${figures.join('  ')}\n`);
}

async function underNaive(lab: Lab, calls: number): Promise<Measured> {
  const policy = naive(lab);
  await policy.ask(0);
  const measured = await load(lab, policy.ask, calls, callers);
  policy.close();
  return measured;
}

async function throttled(): Promise<void> {
  const faults: FaultSpec[] = [{ kind: 'error', name: 'ThrottlingException', probability: 0.3 }];
  const warm = (lab: Lab) => load(lab, ours(lab), 100, callers);
  for (const places of ['10', '50']) {
    const more = { BEDROCK_MAX_CONCURRENT_PER_MODEL: places };
    const healthy = await medianOf(async (lab) => {
      await warm(lab);
      return await load(lab, ours(lab), callsOfARun, callers);
    }, more);
    print(`no fault, ${places} places a model`, healthy);
    const faulty = await medianOf(async (lab) => {
      await warm(lab);
      await lab.faults(faults);
      return await load(lab, ours(lab), callsOfARun, callers);
    }, more);
    print(`30 % throttled on every model, ${places} places`, faulty);
    process.stdout.write(`  added p99 ${(faulty.p99Ms - healthy.p99Ms).toFixed(1)} ms\n`);
  }
  const naively = await medianOf(async (lab) => {
    await lab.faults(faults);
    return await underNaive(lab, naiveCalls);
  });
  print('30 % throttled, naive', naively);
}

async function preferredDown(): Promise<void> {
  const down: FaultSpec = { kind: 'error', name: 'ServiceUnavailableException', model: preferred };
  const healthy = await medianOf(async (lab) => {
    await load(lab, ours(lab), 100, 10);
    return await load(lab, ours(lab), Math.ceil(callsOfARun / 5), 2);
  });
  print('all up, 2 callers', healthy);
  let opening: Measured | undefined;
  const faulty = await medianOf(async (lab) => {
    await load(lab, ours(lab), 100, 10);
    await lab.faults([down]);
    opening = await load(lab, ours(lab), 100, 10);
    return await load(lab, ours(lab), Math.ceil(callsOfARun / 5), 2);
  });
  if (opening) print('preferred model goes down (one run)', opening);
  print('preferred model down, breaker open', faulty);
  process.stdout.write(`  added p50 ${(faulty.p50Ms - healthy.p50Ms).toFixed(1)} ms\n`);
  const naively = await medianOf(async (lab) => {
    await lab.faults([down]);
    return await underNaive(lab, naiveCalls);
  });
  print('preferred model down, naive', naively);
}

/** Everything fails: what is left is how little Bedrock is asked. The first round of a call asks each of its candidates once. */
async function everythingDown(): Promise<void> {
  const faults: FaultSpec[] = [{ kind: 'error', name: 'ServiceUnavailableException' }];
  const failing = await medianOf(async (lab) => {
    await load(lab, ours(lab), 100, callers);
    await lab.faults(faults);
    return await load(lab, (number) => hurried(lab, number), callsOfARun, callers);
  });
  print('everything down, deadline of 1 s', failing);
  const naively = await medianOf(async (lab) => {
    await lab.faults(faults);
    return await underNaive(lab, naiveCalls);
  });
  print('everything down, naive', naively);
}

async function hurried(lab: Lab, number: number): Promise<boolean> {
  const ask = { prompt: `Question ${number}`, model: preferred, max_tokens: 20, cache: 'bypass', timeout_ms: 1_000 };
  return isAnswer((await lab.call(ask)).outcome);
}

const bucketMs = 100;

/** Milliseconds until a region's throttling is no longer met with, and until the region is used again afterwards. */
async function movingOnce(): Promise<{ readonly movedMs: number; readonly backMs: number; readonly success: number }> {
  const lab = await openLab({ env: { ...env, BEDROCK_REGIONS: `${home},${other}` }, latency, apart: true });
  const ask = { model: preferred, fallback: false, max_tokens: 20, cache: 'bypass' };
  let [running, asked, succeeded] = [true, 0, 0];
  const worker = async () => {
    while (running) {
      asked += 1;
      const { outcome } = await lab.call({ ...ask, prompt: `Question ${asked}` });
      if (isAnswer(outcome)) succeeded += 1;
    }
  };
  const load = Promise.all(Array.from({ length: 10 }, worker));
  await systemClock.sleep(2_000);
  const throttledAtMs = Date.now();
  await lab.faults([{ kind: 'error', name: 'ThrottlingException', region: home }]);
  await systemClock.sleep(4_000);
  const freeAtMs = Date.now();
  await lab.faults([]);
  await systemClock.sleep(8_000);
  running = false;
  await load;
  const calls = await lab.upstream();
  await lab.close();
  const refused = calls.filter(({ fault, atMs }) => fault === 'error' && atMs >= throttledAtMs);
  const buckets = new Map<number, number>();
  for (const { atMs } of refused) {
    const bucket = Math.floor((atMs - throttledAtMs) / bucketMs);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
  // A probe now and then goes on; traffic has moved when no more than that meets the throttling.
  const busy = [...buckets].filter(([, count]) => count > 2).map(([bucket]) => bucket);
  const back = calls.filter((call) => call.region === home && call.atMs >= freeAtMs).map(({ atMs }) => atMs - freeAtMs);
  return {
    movedMs: (Math.max(-1, ...busy) + 1) * bucketMs,
    backMs: back[9] ?? Number.POSITIVE_INFINITY,
    success: succeeded / asked,
  };
}

async function moving(): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    const { movedMs, backMs, success } = await movingOnce();
    process.stdout.write(
      `one region throttled: moved within ${movedMs} ms, back ${Math.round(backMs)} ms after it ended, success ${(success * 100).toFixed(2)} %\n`,
    );
  }
}

await throttled();
await preferredDown();
await everythingDown();
await moving();
process.stdout.write(`${JSON.stringify(rows)}\n`);
