import { z } from 'zod';
import type { BedrockIntegrationService } from '../../src/core/integration-service.js';
import type { Job, Kept } from '../../src/core/jobs.js';
import type { AlternativeAnswer, ToolAnswer, ToolContext } from '../../src/server/define-tool.js';

/** Arguments of calls that may last, beside what they ask. */
export const callArguments = {
  session_id: z.string().min(1).max(128).optional().describe('Continues this session of bedrock_session.'),
  idempotency_key: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe('A repeated call with the same key gets the first result and is billed once.'),
  async: z.boolean().optional().describe('Answer at once with a job_id for bedrock_job. For calls over 50 s.'),
  progress_text: z.boolean().optional().describe('Progress shows the text as it grows.'),
  max_output_chars: z.int().min(100).max(10_000_000).optional().describe('Cut longer answers; a link gives the rest.'),
};

const schema = z.object(callArguments);

/** How the caller wants the call to be made. */
export type CallChoices = z.output<typeof schema>;

export function toCallChoices<Args extends CallChoices>(args: Args) {
  const { session_id, idempotency_key, async, progress_text, max_output_chars, ...rest } = args;
  return { choices: { session_id, idempotency_key, async, progress_text, max_output_chars }, rest };
}

/** What a call with `async: true` answers. */
export const startedJob = z.strictObject({
  job_id: z.string(),
  status: z.string(),
  expires_at: z.string(),
});

/** Who waits for a call, or nobody: then the job is told. */
export type Watch = Pick<ToolContext, 'caller' | 'signal' | 'onEvent'> & { readonly inBackground: boolean };

export interface LongCall {
  readonly tool: string;
  readonly choices: Pick<CallChoices, 'idempotency_key' | 'async'>;
  /** The arguments as given: what a key stands for. */
  readonly given: unknown;
  readonly timeoutMs?: number;
  readonly service: BedrockIntegrationService;
  readonly context: ToolContext;
}

/** Makes the call as its caller wants it made: now or in the background, once for all with the same key. */
export async function longCall<Structured>(
  { tool, choices, given, timeoutMs, service, context }: LongCall,
  work: (watch: Watch) => Promise<ToolAnswer<Structured>>,
): Promise<ToolAnswer<Structured> | AlternativeAnswer> {
  const { caller, signal } = context;
  const now = () => work({ ...context, inBackground: false });
  const later = async () => {
    const inBackground = async (job: { signal: AbortSignal; onEvent: ToolContext['onEvent'] & object }) =>
      keep(await work({ caller, ...job, inBackground: true }));
    return startedAnswer(await service.jobs.start(tool, caller, inBackground));
  };
  const make = choices.async === true ? later : now;
  const key = choices.idempotency_key;
  if (key === undefined) return make();
  const options = { tool, caller, key, request: given, signal, ...(timeoutMs !== undefined && { timeoutMs }) };
  return restore<Structured>(await service.jobs.once(options, async () => keep(await make())));
}

/** An answer is plain JSON already; the stores only have to know it by that name. */
const keep = (answer: ToolAnswer<unknown>): Kept => ({ ...answer });
export const restore = <Structured>(kept: Kept) => kept as unknown as ToolAnswer<Structured>;

function startedAnswer({ id, status, expiresAtMs }: Job): AlternativeAnswer {
  return {
    isAlternative: true,
    structured: { job_id: id, status, expires_at: new Date(expiresAtMs).toISOString() },
    text: `Started as job ${id}. Ask bedrock_job with this job_id and action result for the answer.`,
  };
}
