import { z } from 'zod';
import type { RecordedCall } from '../../src/sandbox/calls.js';
import { isAnswer, type Lab, type LabCall, openLab, percentile, seededRandom } from './application.js';
import { leakProblems, openResources } from './leaks.js';

/* Calls that are cancelled at every moment of their life, and what must be left of them: nothing but their cost. */

export interface CancellationReport {
  readonly calls: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Calls that had reached the sandbox when they were cancelled. */
  readonly reachedUpstream: number;
  /** From the cancel to the end of the call in the sandbox. */
  readonly upstreamEndedMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the cancel to the answer of the server. */
  readonly endedMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly bookedEstimated: number;
  /** Empty when every invariant held. */
  readonly violations: readonly string[];
}

interface Cancelled {
  readonly prompt: string;
  readonly call: LabCall;
  readonly cancelledAtMs: number;
  readonly endedAfterMs: number;
}

const ask = { model: 'amazon.nova-lite-v1:0', max_tokens: 60, cache: 'bypass', timeout_ms: 60_000 };
/** A first token after 20 ms and the last after half a second: cancels meet calls before, at and within their answers. */
const latency = { firstTokenMs: 20, tokensPerSecond: 100 };

export async function runCancellations(calls: number, concurrency = 50, seed = 1): Promise<CancellationReport> {
  const before = openResources();
  const random = seededRandom(seed);
  const env = {
    AWS_BEDROCK_REGION: 'us-east-1',
    BEDROCK_MAX_CONCURRENT_REQUESTS: '40',
    BEDROCK_MAX_CONCURRENT_PER_MODEL: '30',
  };
  const lab = await openLab({ latency, env, apart: true });
  const done: Cancelled[] = [];
  const violations: string[] = [];
  try {
    const patienceMs = 1.2 * (await usualMs(lab, concurrency));
    const socketsBefore = openResources();
    let begun = 0;
    const worker = async () => {
      while (begun < calls) {
        begun += 1;
        done.push(await cancelOne(lab, `Cancelled ${begun}`, random.next() * patienceMs));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    violations.push(...done.flatMap(callProblems), ...(await restProblems(lab, socketsBefore)));
    return {
      ...(await summary(lab, done)),
      violations: [...violations, ...(await bookProblems(lab, done, 2 * concurrency + 1))],
    };
  } finally {
    await lab.close();
    violations.push(...(await leakProblems(before)));
  }
}

/** How long whole calls take here and now, so that cancels meet them at every moment. Connections are open afterwards. */
async function usualMs(lab: Lab, concurrency: number): Promise<number> {
  let elapsed: number[] = [];
  for (let round = 0; round < 2; round += 1) {
    const calls = await Promise.all(
      Array.from({ length: concurrency }, (_, index) => lab.call({ ...ask, prompt: `Whole ${round} ${index}` })),
    );
    elapsed = calls.map(({ elapsedMs }) => elapsedMs);
  }
  return percentile(elapsed, 0.9);
}

async function cancelOne(lab: Lab, prompt: string, afterMs: number): Promise<Cancelled> {
  const controller = new AbortController();
  const running = lab.call({ ...ask, prompt }, controller.signal);
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const [cancelledAtMs, startedMs] = [Date.now(), performance.now()];
  controller.abort();
  const call = await running;
  return { prompt, call, cancelledAtMs, endedAfterMs: performance.now() - startedMs };
}

function callProblems({ call: { outcome, events } }: Cancelled): string[] {
  const problems: string[] = [];
  const ends = events.filter(({ type }) => type === 'call-succeeded' || type === 'call-failed').length;
  if (ends !== 1) problems.push(`a call ended ${ends} times`);
  if (!isAnswer(outcome) && outcome.category !== 'cancelled') problems.push(`a call ended with ${outcome.category}`);
  return problems;
}

/** Gauges at zero and no more sockets than connections that are kept for the next calls. */
async function restProblems(lab: Lab, socketsBefore: number): Promise<string[]> {
  const problems: string[] = [];
  const gaugeIsZero = async () =>
    /bedrock_mcp_in_flight 0\n/.test((await lab.application.metrics?.render())?.body ?? '');
  for (let tries = 0; tries < 100 && !(await gaugeIsZero()); tries += 1) await pause();
  if (!(await gaugeIsZero())) problems.push('the gauge of running calls is not at zero');
  const isWorking = async () => (await lab.upstream()).some(({ durationMs }) => durationMs === undefined);
  for (let tries = 0; tries < 100 && (await isWorking()); tries += 1) await pause();
  if (await isWorking()) problems.push('a call still runs in the sandbox');
  // Sockets of cancelled calls close, and timers run out, a moment later.
  for (let tries = 0; tries < 250 && openResources() - socketsBefore > mostOfOurOwn; tries += 1) await pause();
  const more = openResources() - socketsBefore;
  if (more > mostOfOurOwn) problems.push(`${more} more sockets and timers than before`);
  const after = await lab.call({ ...ask, prompt: 'After all' });
  if (!isAnswer(after.outcome)) problems.push('the next call failed');
  return problems;
}

/** Sockets and timers of the look itself, and of what runs in the background. */
const mostOfOurOwn = 5;

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** The ledger holds each attempt once, and that of the `others`; what was cut off is marked as an estimate. */
async function bookProblems(lab: Lab, done: readonly Cancelled[], others: number): Promise<string[]> {
  const problems: string[] = [];
  const period = { fromMs: Date.now() - 86_400_000, toMs: Date.now() + 86_400_000, groupBy: 'caller' } as const;
  const { totals, budgets } = await lab.application.service.costReport(period);
  const used = done.flatMap(({ call }) => attemptsOf(call)).filter(({ usage }) => usage !== undefined);
  const expected = used.length + others;
  if (totals.calls !== expected) problems.push(`${expected} attempts used something, ${totals.calls} are booked`);
  if (budgets.some(({ reserved }) => reserved !== 0)) problems.push('money is still set aside');
  const unmarked = used.filter(({ outcome, usage }) => outcome === 'failed' && usage?.estimated !== true);
  if (unmarked.length > 0) problems.push(`${unmarked.length} answers were cut off, yet are booked as exact`);
  const begun = done.filter(({ call }) => attemptsOf(call).some(({ timeToFirstTokenMs }) => timeToFirstTokenMs));
  const unbooked = begun.filter(({ call }) => attemptsOf(call).every(({ usage }) => usage === undefined));
  if (unbooked.length > 0) problems.push(`${unbooked.length} answers had begun and are not booked`);
  return problems;
}

const attemptsOf = ({ events }: LabCall) => events.filter((event) => event.type === 'attempt-ended');

const body = z.object({ messages: z.array(z.object({ content: z.array(z.object({ text: z.string() })) })) });

function promptOf({ requestBody }: RecordedCall): string | undefined {
  return body.parse(JSON.parse(requestBody)).messages[0]?.content[0]?.text;
}

async function summary(lab: Lab, done: readonly Cancelled[]): Promise<Omit<CancellationReport, 'violations'>> {
  const upstream = new Map((await lab.upstream()).map((call) => [promptOf(call), call]));
  const reached = done.flatMap(({ prompt, cancelledAtMs }) => {
    const call = upstream.get(prompt);
    if (call?.durationMs === undefined || !call.aborted) return [];
    return [call.atMs + call.durationMs - cancelledAtMs];
  });
  const outcomes: Record<string, number> = {};
  for (const { call } of done) {
    const name = isAnswer(call.outcome) ? 'answered before' : call.outcome.category;
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }
  const estimated = done.flatMap(({ call }) => attemptsOf(call)).filter(({ usage }) => usage?.estimated).length;
  return {
    calls: done.length,
    outcomes,
    reachedUpstream: reached.length,
    upstreamEndedMs: spread(reached),
    endedMs: spread(done.map(({ endedAfterMs }) => endedAfterMs)),
    bookedEstimated: estimated,
  };
}

function spread(values: readonly number[]) {
  const at = (part: number) => Math.round(percentile(values, part));
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
