import { z } from 'zod';
import { type CallTrace, callPhases, type PhaseTime, type Profile } from '../src/core/diagnostics.js';
import { attemptResult, defineTool, type ToolAnswer, toAttemptResult } from '../src/server/define-tool.js';
import { toUsd } from './results/money.js';

const input = z.strictObject({
  request_id: z.string().min(1).max(128).optional().describe('Of a recent call of yours. Absent: your latest calls.'),
  profile_seconds: z.number().min(0.1).max(30).optional().describe('Also profile the server for so long.'),
});

const phaseTime = z.strictObject({ phase: z.enum(callPhases), ms: z.number(), share: z.number() });

const output = z.strictObject({
  request_id: z.string().optional(),
  tool: z.string().optional(),
  status: z.enum(['running', 'succeeded', 'failed']).optional(),
  started_at: z.string().optional(),
  total_ms: z.number().optional(),
  bottleneck: phaseTime.optional().describe('What took most of the time.'),
  phases: z.array(phaseTime).optional(),
  steps: z.array(z.strictObject({ at_ms: z.number(), event: z.string(), detail: z.string() })).optional(),
  attempts: z.array(attemptResult).optional(),
  cost_usd: z.number().optional(),
  calls: z
    .array(z.looseObject({ request_id: z.string() }))
    .optional()
    .describe('Without request_id.'),
  profile: z.looseObject({}).optional(),
});
type Output = z.input<typeof output>;

const recentCalls = 20;
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const toPhase = ({ phase, ms }: PhaseTime, totalMs: number) => ({
  phase,
  ms: rounded(ms),
  share: totalMs > 0 ? rounded(ms / totalMs) : 0,
});

function toTrace(trace: CallTrace): Output & { request_id: string } {
  const { totalMs, phases, bottleneck, record } = trace;
  return {
    request_id: trace.requestId,
    tool: trace.tool,
    status: trace.status,
    started_at: new Date(trace.startedAtMs).toISOString(),
    total_ms: rounded(totalMs),
    ...(bottleneck && { bottleneck: toPhase(bottleneck, totalMs) }),
    phases: phases.map((phase) => toPhase(phase, totalMs)),
    steps: trace.steps.map(({ atMs, event, detail }) => ({ at_ms: rounded(atMs), event, detail })),
    attempts: record.attempts.map(toAttemptResult),
    cost_usd: toUsd(record.cost.nanoUsd),
  };
}

function headline({ request_id, tool, status, total_ms, bottleneck }: Output): string {
  const slow = bottleneck ? `, mostly ${bottleneck.phase} (${Math.round(bottleneck.share * 100)} %)` : '';
  return `${request_id} ${tool} ${status} in ${Math.round(total_ms ?? 0)} ms${slow}`;
}

function traceAnswer(trace: CallTrace): ToolAnswer<Output> {
  const structured = toTrace(trace);
  const phases = (structured.phases ?? []).map(({ phase, ms }) => `${phase} ${Math.round(ms)} ms`);
  const steps = (structured.steps ?? []).map(({ at_ms, event, detail }) => `${at_ms.toFixed(1)} ms ${event} ${detail}`);
  return { structured, text: [headline(structured), phases.join(', '), ...steps].join('\n') };
}

function recentAnswer(traces: readonly CallTrace[]): ToolAnswer<Output> {
  const calls = traces.map(toTrace).map(({ steps: _, attempts: __, phases: ___, ...call }) => call);
  const text = calls.length === 0 ? 'You made no calls since this server started.' : calls.map(headline).join('\n');
  return { structured: { calls }, text };
}

function withProfile({ structured, text }: ToolAnswer<Output>, profile: Profile): ToolAnswer<Output> {
  const { seconds, cpu, loopDelay, rssBytes, heapBytes, hot } = profile;
  const told = {
    seconds: rounded(seconds),
    cpu: rounded(cpu),
    loop_delay_ms: { p50: rounded(loopDelay.p50), p99: rounded(loopDelay.p99), max: rounded(loopDelay.max) },
    rss_bytes: rssBytes,
    heap_bytes: heapBytes,
    hot_functions: hot.map(({ name, place, share }) => ({ name, place, share: rounded(share) })),
  };
  const functions = told.hot_functions.map(
    ({ name, place, share }) => `${(share * 100).toFixed(1)} % ${name} ${place}`,
  );
  const head = `Server: ${Math.round(cpu * 100)} % CPU, event loop late by ${told.loop_delay_ms.p99} ms at p99.`;
  return { structured: { ...structured, profile: told }, text: [text, head, ...functions].join('\n') };
}

export const bedrockDiagnose = defineTool({
  name: 'bedrock_diagnose',
  title: 'See where a call spent its time',
  description:
    'Show the trace of one recent call: phases, attempts, steps, and the bottleneck by name; without request_id your ' +
    'latest calls. Use it when calls are slow or go where you did not expect. Calls no model.',
  kind: 'read',
  toolset: 'ops',
  input,
  example: { request_id: '6f1c…' },
  output,
  handle: async ({ request_id: id, profile_seconds: seconds }, { diagnostics }, { caller, signal }) => {
    const profile = seconds === undefined ? undefined : await diagnostics.profile(seconds, signal);
    const answer =
      id === undefined
        ? recentAnswer(diagnostics.recent(caller, recentCalls))
        : traceAnswer(diagnostics.trace(id, caller));
    return profile ? withProfile(answer, profile) : answer;
  },
});
