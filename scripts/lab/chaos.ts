import { targetKey } from '../../src/core/target.js';
import type { FaultSpec } from '../../src/sandbox/faults.js';
import { isAnswer, type Lab, type LabCall, openLab, percentile, seededRandom } from './application.js';
import { type KeyedCall, keyProblems } from './keyed-calls.js';
import { leakProblems, openResources } from './leaks.js';

/* Random faults under load, and what must hold whatever happens. The seed repeats the faults and the requests. */

export interface ChaosOptions {
  readonly seed: number;
  readonly requests: number;
  readonly concurrency?: number;
  /** How late after its deadline and grace a call may end; more on a machine that is busy with other things. */
  readonly lateMs?: number;
}

export interface ChaosReport {
  readonly seed: number;
  readonly requests: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly upstreamCalls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly faultsPlayed: Readonly<Record<string, number>>;
  readonly breakersOpened: number;
  /** Empty when every invariant held. */
  readonly violations: readonly string[];
}

const models = ['amazon.nova-lite-v1:0', 'amazon.nova-micro-v1:0', 'claude-sonnet', 'claude-haiku', 'qwen-coder'];
const regions = ['us-east-1', 'us-west-2'];
const requestsPerPhase = 50;
const graceMs = 250;
/** From the last timer to the end of a call, on a machine that has little else to do. */
const defaultLateMs = 500;

type Draw = (below: number) => number;

const faultKinds: readonly ((draw: Draw) => FaultSpec)[] = [
  ...(
    [
      'ThrottlingException',
      'ServiceUnavailableException',
      'InternalServerException',
      'ModelErrorException',
      'ModelTimeoutException',
      'ModelNotReadyException',
      'AccessDeniedException',
      'FTUFormNotFilled',
    ] as const
  ).map((name) => (): FaultSpec => ({ kind: 'error', name })),
  () => ({ kind: 'error', name: 'ThrottlingException', retryAfterSeconds: 1 }),
  (draw) => ({ kind: 'cut', afterEvents: draw(6) }),
  (draw) => ({ kind: 'end-early', afterEvents: draw(6) }),
  (draw) => ({ kind: 'reset', afterEvents: draw(6) }),
  (draw) => ({ kind: 'half-frame', afterEvents: draw(6) }),
  (draw) => ({ kind: 'bad-crc', afterEvents: 1 + draw(5) }),
  (draw) => ({ kind: 'stall', afterEvents: draw(6) }),
  (draw) => ({ kind: 'stream-exception', name: 'throttlingException', afterEvents: draw(6) }),
  (draw) => ({ kind: 'stream-exception', name: 'modelStreamErrorException', afterEvents: draw(6) }),
  () => ({ kind: 'cut-before' }),
  () => ({ kind: 'hang' }),
  () => ({ kind: 'slow-drip', bytesPerSecond: 50 }),
  () => ({ kind: 'empty-body' }),
  () => ({ kind: 'html-error' }),
  () => ({ kind: 'malformed-json' }),
];

/** One to five faults, each for some models and regions and most with a chance, some over everything. */
function drawFaults(draw: Draw, modelIds: readonly string[]): FaultSpec[] {
  return Array.from({ length: 1 + draw(5) }, () => {
    const make = faultKinds[draw(faultKinds.length)];
    const fault: FaultSpec = make ? make(draw) : { kind: 'hang' };
    const model = modelIds[draw(modelIds.length + 1)];
    const region = regions[draw(regions.length + 1)];
    const place = { ...(model !== undefined && { model }), ...(region !== undefined && { region }) };
    return { ...fault, ...place, ...(draw(4) > 0 && { probability: 0.1 + draw(9) / 10 }) };
  });
}

interface PlannedRequest {
  readonly fields: Record<string, unknown> & { readonly timeout_ms: number };
  readonly cancelAfterMs: number | undefined;
  /** Of a call that is to be made once for all with its key. */
  readonly key: string | undefined;
}

/** So many calls share one idempotency key, on average. */
const callsOfAKey = 4;

function drawRequest(draw: Draw, number: number): PlannedRequest {
  const model = models[draw(models.length * 2)];
  const key = draw(6) === 0 ? `key ${Math.floor(number / (6 * callsOfAKey))};` : undefined;
  // Every tenth question was asked before, so that cache and joined calls take part.
  const prompt = `Question ${draw(10) === 0 ? draw(20) : `number ${number}`}`;
  return {
    key,
    fields: {
      // Only its key may keep such a call from being made again.
      ...(key === undefined ? { prompt } : { prompt: `Question of ${key}`, cache: 'bypass' }),
      max_tokens: 20 + draw(100),
      timeout_ms: 400 + draw(2_600),
      fallback: draw(5) > 0,
      ...(model !== undefined && { model }),
    },
    cancelAfterMs: draw(20) === 0 ? draw(300) : undefined,
  };
}

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, requests, concurrency = 20, lateMs = defaultLateMs } = options;
  const random = seededRandom(seed);
  const draw: Draw = (below) => Math.floor(random.next() * below);
  const violations: string[] = [];
  const onRejection = (reason: unknown) => violations.push(`unhandled rejection: ${String(reason)}`);
  process.on('unhandledRejection', onRejection);
  const before = openResources();
  const lab = await openLab({
    random: seededRandom(seed + 1),
    latency: { firstTokenMs: 5, tokensPerSecond: 2_000 },
    env: {
      AWS_BEDROCK_REGION: regions[0] ?? '',
      BEDROCK_REGIONS: regions.join(','),
      BEDROCK_FIRST_TOKEN_TIMEOUT: '0.3',
      BEDROCK_IDLE_TIMEOUT: '0.3',
    },
  });
  const calls: LabCall[] = [];
  const keyed: KeyedCall[] = [];
  try {
    const { service } = lab.application;
    const named = await Promise.all(models.map((model) => service.models({ model })));
    const modelIds = named.flatMap((found) => found.map(({ model }) => model.id));
    for (let done = 0; done < requests; done += requestsPerPhase) {
      await lab.faults(drawFaults(draw, modelIds));
      const planned = Array.from({ length: Math.min(requestsPerPhase, requests - done) }, (_, index) =>
        drawRequest(draw, done + index),
      );
      const load = await runLoad(lab, planned, { concurrency, lateMs }, violations);
      calls.push(...load.calls);
      keyed.push(...load.keyed);
    }
    await lab.faults([]);
    violations.push(...keyProblems(keyed, await lab.upstream()), ...(await booksProblems(lab, calls)));
    violations.push(...(await restProblems(lab)));
    // Who was sent away at the end of its patience may have seen its last event a moment later.
    violations.push(...calls.flatMap(callProblems));
    return { ...(await summary(lab, calls, seed)), violations };
  } finally {
    await lab.close();
    violations.push(...(await leakProblems(before)));
    process.off('unhandledRejection', onRejection);
  }
}

async function runLoad(
  lab: Lab,
  planned: readonly PlannedRequest[],
  { concurrency, lateMs }: { readonly concurrency: number; readonly lateMs: number },
  violations: string[],
): Promise<{ readonly calls: readonly LabCall[]; readonly keyed: readonly KeyedCall[] }> {
  const waiting = [...planned];
  const calls: LabCall[] = [];
  const keyed: KeyedCall[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const controller = new AbortController();
      const timer =
        next.cancelAfterMs === undefined ? undefined : setTimeout(() => controller.abort(), next.cancelAfterMs);
      const watch = startWatch(next.fields.timeout_ms + graceMs + lateMs);
      const { key, fields } = next;
      const call = await (key === undefined
        ? lab.call(fields, controller.signal)
        : lab.callOnce(key, fields, controller.signal));
      clearTimeout(timer);
      violations.push(...timeProblems(watch.lateMs()));
      if (!call) continue;
      calls.push(call);
      if (key !== undefined) keyed.push({ key, call });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { calls, keyed };
}

/** A busy machine is late with everything: a timer that was set with the call is what it is measured by. */
function startWatch(ms: number) {
  let dueAtMs = Number.POSITIVE_INFINITY;
  const timer = setTimeout(() => {
    dueAtMs = performance.now();
  }, ms);
  return {
    lateMs: () => {
      clearTimeout(timer);
      return performance.now() - dueAtMs;
    },
  };
}

const timeProblems = (lateMs: number): string[] =>
  lateMs > 0 ? [`a call ended ${Math.round(lateMs)} ms later than it may`] : [];

function callProblems({ outcome, events }: LabCall): string[] {
  const problems: string[] = [];
  const ends = events.filter(({ type }) => type === 'call-succeeded' || type === 'call-failed').length;
  if (ends !== 1) problems.push(`a call ended ${ends} times`);
  if (!isAnswer(outcome) && outcome.category === 'internal') problems.push(`internal error: ${String(outcome.cause)}`);
  if (isAnswer(outcome) && outcome.response.content.length === 0) problems.push('an empty answer');
  return problems;
}

type AttemptEnded = Extract<LabCall['events'][number], { type: 'attempt-ended' }>;

/** The ledger holds what calls were told, and answers hold what the sandbox says it served. */
async function booksProblems(lab: Lab, calls: readonly LabCall[]): Promise<string[]> {
  const problems: string[] = [];
  const period = { fromMs: Date.now() - 86_400_000, toMs: Date.now() + 86_400_000, groupBy: 'model' } as const;
  const { totals, budgets } = await lab.application.service.costReport(period);
  const settled = calls
    .flatMap(({ events }) => events)
    .reduce((sum, event) => sum + (event.type === 'cost-settled' ? event.cost.nanoUsd : 0), 0);
  if (totals.cost !== settled)
    problems.push(`the ledger holds ${totals.cost} nano-dollars, calls were told ${settled}`);
  if (budgets.some(({ reserved }) => reserved !== 0)) problems.push('money is still set aside');
  const attempts = calls.flatMap(({ events }) => events.filter((event) => event.type === 'attempt-ended'));
  const upstream = await lab.upstream();
  if (upstream.length > attempts.length) {
    problems.push(`${upstream.length} calls reached the sandbox, ${attempts.length} attempts were recorded`);
  }
  const answered = upstream.filter(({ eventsSent }) => eventsSent > 0).length;
  const used = attempts.filter(({ usage }) => usage !== undefined).length;
  if (answered > used) problems.push(`the sandbox began ${answered} answers, ${used} attempts are booked`);
  const served = upstream.filter(({ status, aborted, fault }) => status === 200 && !aborted && isWhole(fault));
  const told = tokensOf(attempts.filter(({ outcome }) => outcome === 'succeeded'));
  const given = served.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), 0);
  // An answer may have been served whole to a caller who had just left.
  const lost = attempts.filter(({ failure }) => failure?.category === 'cancelled' || failure?.category === 'timeout');
  if (told > given || (told < given && lost.length === 0)) {
    problems.push(`answers count ${told} tokens, the sandbox served ${given}`);
  }
  return problems;
}

const isWhole = (fault: string | undefined): boolean => fault === undefined || fault === 'slow-drip';

const tokensOf = (attempts: readonly AttemptEnded[]): number =>
  attempts.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0), 0);

const restTries = 15;

/** After the faults everything works again: breakers close, gauges are at zero, calls succeed. */
async function restProblems(lab: Lab): Promise<string[]> {
  const { service, metrics } = lab.application;
  const open = async () => (await service.health(false)).breakers.filter(({ state }) => state !== 'closed');
  // A model that was refused for its form or its rights is out of rotation for minutes, and no call gets to its breaker.
  const outOfRotation = new Set<string>();
  const unexplained = async () => (await open()).filter(({ target }) => !outOfRotation.has(targetKey(target)));
  for (let tries = 0; tries < restTries && (await unexplained()).length > 0; tries += 1) {
    const targets = (await unexplained()).map(({ target }) => target);
    const probes = await Promise.all(
      targets.map(({ model, region }) =>
        lab.call({
          prompt: 'Are you back?',
          model: `arn:aws:bedrock:${region}::foundation-model/${model}`,
          fallback: false,
          cache: 'bypass',
          max_tokens: 10,
          timeout_ms: 2_000,
        }),
      ),
    );
    for (const [index, { outcome }] of probes.entries()) {
      const target = targets[index];
      if (target && !isAnswer(outcome) && outcome.reason === 'no_candidate') outOfRotation.add(targetKey(target));
    }
  }
  const problems: string[] = [];
  const stillOpen = await unexplained();
  if (stillOpen.length > 0) problems.push(`${stillOpen.length} breakers did not close`);
  const after = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      lab.call({ prompt: `After ${index}`, max_tokens: 10, timeout_ms: 10_000 }),
    ),
  );
  const failed = after.filter(({ outcome }) => !isAnswer(outcome)).length;
  if (failed > 0) problems.push(`${failed} of 20 calls failed after the faults had ended`);
  const page = (await metrics?.render())?.body ?? '';
  if (!/bedrock_mcp_in_flight 0\n/.test(page)) problems.push('the gauge of running calls is not at zero');
  return problems;
}

async function summary(lab: Lab, calls: readonly LabCall[], seed: number): Promise<Omit<ChaosReport, 'violations'>> {
  const upstream = await lab.upstream();
  const elapsed = calls.map(({ elapsedMs }) => elapsedMs);
  const page = (await lab.application.metrics?.render())?.body ?? '';
  return {
    seed,
    requests: calls.length,
    outcomes: countBy(calls.map(({ outcome }) => (isAnswer(outcome) ? outcome.response.source : outcome.category))),
    upstreamCalls: upstream.length,
    p50Ms: Math.round(percentile(elapsed, 0.5)),
    p99Ms: Math.round(percentile(elapsed, 0.99)),
    faultsPlayed: countBy(upstream.flatMap(({ fault }) => fault ?? [])),
    breakersOpened: page.split('\n').filter((line) => /^bedrock_mcp_breaker_state\{.*closed/.test(line)).length,
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
