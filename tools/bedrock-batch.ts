import { z } from 'zod';
import type { BatchOutcome } from '../src/core/batch.js';
import { requestArguments, toModelRequest } from '../src/core/request.js';
import { addUsage, noUsage } from '../src/core/response.js';
import { defineTool, errorBody, type ToolAnswer } from '../src/server/define-tool.js';
import { callArguments, longCall, startedJob, type Watch } from './calls/long-call.js';
import { invocationText, toInvocationResult } from './results/invocation.js';
import { toUsd, usdText } from './results/money.js';
import { toUsageResult, usageResult } from './results/usage.js';

const mostRequests = 200;

const item = requestArguments
  .extend({ id: z.string().min(1).max(128).optional() })
  .meta({ brief: { type: 'object', description: 'Arguments of bedrock_invoke, and an `id` of yours.' } })
  .transform(({ id, ...args }, check) => ({ id, request: toModelRequest(args, check) }));
type Item = z.output<typeof item>;

const input = z
  .strictObject({
    requests: z.array(item).min(1).max(mostRequests),
    concurrency: z.int().min(1).max(20).optional().describe('How many run at once. Default 5.'),
    stop_on_error: z.boolean().optional().describe('Begin no more after a failure.'),
    idempotency_key: callArguments.idempotency_key,
    async: callArguments.async,
  })
  .refine(({ requests }) => {
    const ids = requests.flatMap(({ id }) => id ?? []);
    return new Set(ids).size === ids.length;
  }, '`requests` holds the same id twice');

const output = z.strictObject({
  results: z
    .array(
      z.strictObject({
        id: z.string(),
        ok: z.boolean(),
        result: z.looseObject({}).optional(),
        error: z.looseObject({}).optional(),
      }),
    )
    .describe('In the order of `requests`.'),
  summary: z.strictObject({
    succeeded: z.int(),
    failed: z.int(),
    cost_usd: z.number(),
    usage: usageResult,
    duration_ms: z.number(),
  }),
});
type Output = z.input<typeof output>;

interface Ended {
  readonly id: string;
  readonly outcome: BatchOutcome;
}

const idOf = (items: readonly Item[], index: number): string => items[index]?.id ?? String(index);

function toResult({ id, outcome }: Ended): Output['results'][number] {
  if (outcome.ok) return { id, ok: true, result: toInvocationResult(outcome.invocation) };
  return { id, ok: false, error: errorBody(outcome.error, id) };
}

/** Failed requests count with what they cost before they failed. */
const recordOf = ({ outcome }: Ended) => (outcome.ok ? outcome.invocation.record : outcome.error.call);

function summaryOf(ended: readonly Ended[], durationMs: number): Output['summary'] {
  const attempts = ended.flatMap((one) => recordOf(one)?.attempts ?? []);
  const cost = ended.reduce((sum, one) => sum + (recordOf(one)?.cost.nanoUsd ?? 0), 0);
  const succeeded = ended.filter(({ outcome }) => outcome.ok).length;
  return {
    succeeded,
    failed: ended.length - succeeded,
    cost_usd: toUsd(cost),
    usage: toUsageResult(attempts.reduce((sum, { usage }) => addUsage(sum, usage ?? noUsage), noUsage)),
    duration_ms: Math.round(durationMs),
  };
}

function toText(ended: readonly Ended[], { succeeded, failed, cost_usd, duration_ms }: Output['summary']): string {
  const parts = ended.map(({ id, outcome }) => {
    if (!outcome.ok) return `## ${id}: ${outcome.error.category}\n${outcome.error.message} ${outcome.error.remedy}`;
    const { invocation } = outcome;
    return `## ${id}\n${invocationText(toInvocationResult(invocation), invocation.record)}`;
  });
  const sum = `${succeeded} succeeded, ${failed} failed, ${usdText(cost_usd * 1e9)}, ${(duration_ms / 1_000).toFixed(1)} s`;
  return [sum, ...parts].join('\n\n');
}

export const bedrockBatch = defineTool({
  name: 'bedrock_batch',
  title: 'Ask many requests at once',
  description:
    `Ask up to ${mostRequests} bedrock_invoke requests in one call, some of them at the same time, and get all answers ` +
    'with one summary. Use it for the same work on many inputs. Each request succeeds or fails by itself. Spends money.',
  kind: 'write',
  input,
  example: { requests: [{ id: 'a', prompt: 'Translate "house" to French.' }, { prompt: 'Translate "tree".' }] },
  output,
  alternative: startedJob,
  handle: (given, service, context) => {
    const { requests, concurrency = 5, stop_on_error: stopOnError = false } = given;
    const work = async ({ caller, signal, onEvent }: Watch): Promise<ToolAnswer<Output>> => {
      const startedMs = context.clock.monotonicMs();
      let failed = 0;
      const outcomes = await service.batch(
        { requests: requests.map(({ request }) => request), concurrency, stopOnError },
        {
          tool: 'bedrock_batch',
          caller,
          signal,
          onOutcome: ({ ok }, ended) => {
            failed += ok ? 0 : 1;
            onEvent?.({ type: 'batch-advanced', ended, total: requests.length, failed });
          },
        },
      );
      const ended = outcomes.map((outcome, index) => ({ id: idOf(requests, index), outcome }));
      const summary = summaryOf(ended, context.clock.monotonicMs() - startedMs);
      return { structured: { results: ended.map(toResult), summary }, text: toText(ended, summary) };
    };
    return longCall({ tool: 'bedrock_batch', choices: given, given, service, context }, work);
  },
});
