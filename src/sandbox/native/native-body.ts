import type { z } from 'zod';
import type { Answer } from '../answer.js';
import { invalid, type Refusal } from '../aws-error.js';
import type { ConverseBody, Message } from '../converse-body.js';
import type { Timing, WireEvent } from '../wire-format.js';

/** The refusal for a native body of the wrong shape, in the words of the service's own schema check. */
function malformed(issue: z.core.$ZodIssue | undefined): Refusal {
  const where = `#${(issue?.path ?? []).map((step) => `/${String(step)}`).join('')}`;
  const detail =
    issue?.code === 'unrecognized_keys'
      ? `${where}: extraneous key [${issue.keys.join(', ')}] is not permitted`
      : `${where}: ${issue?.message}`;
  return invalid(`Malformed input request: ${detail}, please reformat your input and try again.`);
}

/** A decoder that checks the body first. */
export function decoder<Schema extends z.ZodType>(
  schema: Schema,
  build: (body: z.output<Schema>) => ConverseBody,
): (json: unknown) => ConverseBody | Refusal {
  return (json) => {
    const parsed = schema.safeParse(json);
    return parsed.success ? build(parsed.data) : malformed(parsed.error.issues[0]);
  };
}

/** Inference settings without those that were not given. */
export function settings(given: ConverseBody['inferenceConfig']): ConverseBody['inferenceConfig'] {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** A prompt as a conversation of one turn. */
export function promptBody(prompt: string, inferenceConfig: ConverseBody['inferenceConfig']): ConverseBody {
  return {
    messages: [{ role: 'user', content: [{ text: prompt }] }],
    system: [],
    inferenceConfig: settings(inferenceConfig),
  };
}

/** Turns of the same role that follow each other, as one turn. */
export function mergeTurns(messages: readonly Message[]): Message[] {
  const turns: Message[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last?.role === message.role) last.content.push(...message.content);
    else turns.push({ ...message, content: [...message.content] });
  }
  return turns;
}

/** Everything the answer says as text. */
export function textOf(answer: Answer): string {
  return answer.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
}

export const stopWord = (words: Readonly<Record<string, string>>, stopReason: string): string =>
  words[stopReason] ?? stopReason;

export const chunk = (json: unknown): WireEvent => ({
  type: 'chunk',
  payload: { bytes: Buffer.from(JSON.stringify(json)).toString('base64') },
});

/** What the last chunk of every native stream carries beside its own members. */
export function invocationMetrics({ usage }: Answer, { latencyMs, firstByteMs }: Timing): object {
  return {
    'amazon-bedrock-invocationMetrics': {
      inputTokenCount: usage.inputTokens,
      outputTokenCount: usage.outputTokens,
      invocationLatency: latencyMs,
      firstByteLatency: firstByteMs,
      ...(usage.cacheReadInputTokens > 0 ? { cacheReadInputTokenCount: usage.cacheReadInputTokens } : {}),
      ...(usage.cacheWriteInputTokens > 0 ? { cacheWriteInputTokenCount: usage.cacheWriteInputTokens } : {}),
    },
  };
}
