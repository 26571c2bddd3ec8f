import type { ContentBlock, ModelRequest } from '../core/request.js';
import { type ModelResponse, noUsage, type StopReason } from '../core/response.js';
import { estimateInputTokens, estimateTextTokens } from '../core/token-estimate.js';

const defaultMaxTokens = 1_024;

/** Only text goes to and comes from the local model: tools, pictures and schemas are beyond many of them. */
export function isPlainText({ tools, response_schema, messages }: ModelRequest): boolean {
  if (tools !== undefined || response_schema !== undefined) return false;
  return messages.every(({ content }) => typeof content === 'string' || content.every(({ type }) => type === 'text'));
}

/** The body of an OpenAI-compatible chat completion. */
export function chatBody(request: ModelRequest, model: string): Readonly<Record<string, unknown>> {
  const { system, messages, max_tokens = defaultMaxTokens, temperature, top_p, stop_sequences } = request;
  return {
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: 'system', content: system }]),
      ...messages.map(({ role, content }) => ({ role, content: textOf(content) })),
    ],
    max_tokens,
    stream: false,
    ...(temperature === undefined ? {} : { temperature }),
    ...(top_p === undefined ? {} : { top_p }),
    ...(stop_sequences === undefined ? {} : { stop: stop_sequences }),
  };
}

function textOf(content: string | readonly ContentBlock[]): string {
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
}

type ChatAnswer = Pick<ModelResponse, 'content' | 'stopReason' | 'usage'>;

const stops: Readonly<Record<string, StopReason>> = { stop: 'end_turn', length: 'max_tokens' };

/** @throws Error when the answer holds no text. */
export function readChatAnswer(body: unknown, request: ModelRequest): ChatAnswer {
  const answer = record(body);
  const choice = record(Array.isArray(answer['choices']) ? answer['choices'][0] : undefined);
  const text = record(choice['message'])['content'];
  if (typeof text !== 'string' || text === '') throw new Error('the answer has no text');
  const { prompt_tokens, completion_tokens } = record(answer['usage']);
  const told = isCount(prompt_tokens) && isCount(completion_tokens);
  const inputTokens = told ? prompt_tokens : estimateInputTokens(request);
  const outputTokens = told ? completion_tokens : estimateTextTokens(text);
  const totalTokens = inputTokens + outputTokens;
  return {
    content: [{ type: 'text', text }],
    stopReason: stops[String(choice['finish_reason'])] ?? 'unknown',
    usage: { ...noUsage, inputTokens, outputTokens, totalTokens, estimated: !told },
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
