import { z } from 'zod';
import type { Job } from '../src/core/jobs.js';
import { defineTool, errorBody, type ToolAnswer } from '../src/server/define-tool.js';
import { restore } from './calls/long-call.js';

const input = z.strictObject({
  job_id: z.string().min(1).max(128),
  action: z.enum(['status', 'result', 'cancel']).optional().describe('Default status.'),
});

const output = z.strictObject({
  job_id: z.string(),
  tool: z.string(),
  status: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  started_at: z.string(),
  ended_at: z.string().optional(),
  expires_at: z.string(),
  progress: z.string().optional(),
  result: z.looseObject({}).optional().describe('Of `tool`, for action result.'),
  error: z.looseObject({}).optional(),
});
type Output = z.input<typeof output>;

const iso = (ms: number): string => new Date(ms).toISOString();

function toOutput({ id, tool, status, startedAtMs, endedAtMs, expiresAtMs, progress, error }: Job): Output {
  return {
    job_id: id,
    tool,
    status,
    started_at: iso(startedAtMs),
    ...(endedAtMs !== undefined && { ended_at: iso(endedAtMs) }),
    expires_at: iso(expiresAtMs),
    ...(progress !== undefined && { progress }),
    ...(error && { error: errorBody(error, id) }),
  };
}

function statusText({ id, status, progress, error }: Job): string {
  if (status === 'running') return `Job ${id} is running${progress ? `: ${progress}` : ''}. Ask again in some seconds.`;
  if (error) return `Job ${id}: ${status}. ${error.category}: ${error.message} ${error.remedy}`;
  return `Job ${id} has succeeded. Ask with action result for its answer.`;
}

/** The answer as the call itself would have given it; an error, too, is that of the call. */
function resultOf(job: Job): ToolAnswer<Output> {
  if (job.error) throw job.error;
  if (!job.result) return { structured: toOutput(job), text: statusText(job) };
  const answer = restore<Record<string, unknown>>(job.result);
  return { ...answer, structured: { ...toOutput(job), result: answer.structured } };
}

export const bedrockJob = defineTool({
  name: 'bedrock_job',
  title: 'Follow a call in the background',
  description:
    'Tell how a call stands that was started with `async: true`, give its result, or cancel it. Use it with the job_id ' +
    'of that call, also after a reconnect.',
  kind: 'read',
  input,
  example: { job_id: 'job-…', action: 'result' },
  output,
  handle: async ({ job_id: id, action = 'status' }, service, { caller }) => {
    if (action === 'result') return resultOf(await service.jobs.find(id, caller));
    if (action === 'status') {
      const job = await service.jobs.find(id, caller);
      return { structured: toOutput(job), text: statusText(job) };
    }
    const job = await service.jobs.cancel(id, caller);
    const text = job.status === 'running' ? `Job ${id} is being cancelled.` : statusText(job);
    return { structured: toOutput(job), text };
  },
});
