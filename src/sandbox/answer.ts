import { createHash } from 'node:crypto';
import type { Served } from './catalogue-rules.js';
import { type ConverseBody, namedTools, type ToolSpec } from './converse-body.js';
import type { Reply } from './replies.js';
import { exampleOf } from './schema-example.js';
import { firstTokens, jsonTokens, textTokens } from './tokens.js';
import { type InputUsage, type Usage, withOutput } from './usage.js';

export type AnswerBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string; readonly signature: string }
  | { readonly type: 'toolUse'; readonly toolUseId: string; readonly name: string; readonly input: unknown };

/** What the pretended model says, in no format yet. */
export interface Answer {
  readonly blocks: readonly AnswerBlock[];
  /** In Converse's words. */
  readonly stopReason: string;
  /** The sequence that ended the text, with stop reason `stop_sequence`. */
  readonly stopSequence?: string;
  readonly usage: Usage;
  /** What of the request Converse repeats as having been used. */
  readonly applied: Readonly<Record<string, unknown>>;
  /** Set when fields of the model's own answer were asked for and are there. */
  readonly extra?: { readonly additionalModelResponseFields: object };
}

const repeatedMembers = ['serviceTier', 'performanceConfig'] as const;

function appliedOf(body: ConverseBody): Answer['applied'] {
  return Object.fromEntries(repeatedMembers.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])));
}

export interface AnswerOptions {
  readonly served: Served;
  readonly body: ConverseBody;
  readonly input: InputUsage;
  readonly maxTokens: number;
  readonly reply: Reply | undefined;
}

function lastUserText(body: ConverseBody): string {
  const last = body.messages.findLast((message) => message.role === 'user');
  return (last?.content ?? [])
    .map((block) => block.text ?? '')
    .join(' ')
    .trim();
}

function fingerprint({ served, body }: AnswerOptions): string {
  return createHash('sha256').update(served.model.id).update(JSON.stringify(body)).digest('hex');
}

function usualText(options: AnswerOptions, print: string): string {
  const { served, body } = options;
  const asked = lastUserText(body);
  const start = asked.length > 80 ? `${asked.slice(0, 80)}…` : asked;
  const turns = body.messages.length === 1 ? 'one message' : `${body.messages.length} messages`;
  return [
    `This is the Bedrock sandbox answering in place of ${served.model.name ?? served.model.id} (${served.model.id}); no model was called and nothing was billed.`,
    `The request carried ${turns}, and the last one from the user says: "${start}"`,
    `A real model would answer it here.`,
    `Equal requests always get this same text, so tests and demonstrations can rely on it; the fingerprint of this one is ${print.slice(0, 12)}.`,
  ].join(' ');
}

function schemaText(body: ConverseBody): string | undefined {
  const text = body.outputConfig?.textFormat?.structure.jsonSchema.schema;
  return text === undefined ? undefined : JSON.stringify(exampleOf(JSON.parse(text)));
}

function forcedTool(body: ConverseBody): ToolSpec | undefined {
  const choice = body.toolConfig?.toolChoice;
  const tools = namedTools(body);
  if (choice?.tool) return tools.find((tool) => tool.name === choice.tool?.name);
  return choice?.any ? tools[0] : undefined;
}

function toolBlocks(options: AnswerOptions, print: string): readonly AnswerBlock[] {
  const { reply, body } = options;
  const tools = namedTools(body);
  const forced = forcedTool(body);
  const wanted = reply?.toolUse ?? (forced && reply?.text === undefined ? { name: forced.name } : []);
  return [wanted].flat().map(({ name, input, toolUseId }, index) => ({
    type: 'toolUse',
    toolUseId: toolUseId ?? `tooluse_${print.slice(index * 2, index * 2 + 22)}`,
    name,
    input: input ?? exampleOf(tools.find((tool) => tool.name === name)?.inputSchema.json ?? { type: 'object' }),
  }));
}

function firstStop(text: string, sequences: readonly string[]): { at: number; sequence: string } | undefined {
  return sequences
    .map((sequence) => ({ at: text.indexOf(sequence), sequence }))
    .filter(({ at }) => at >= 0)
    .sort((left, right) => left.at - right.at)[0];
}

interface CutText {
  readonly text: string;
  readonly stopReason: 'end_turn' | 'stop_sequence' | 'max_tokens';
  readonly stopSequence?: string;
}

/** The text as far as stop sequences and the token limit let it go. */
export function cutText(text: string, sequences: readonly string[], maxTokens: number): CutText {
  const limited = firstTokens(text, maxTokens);
  const stop = firstStop(limited, sequences);
  if (stop) return { text: limited.slice(0, stop.at), stopReason: 'stop_sequence', stopSequence: stop.sequence };
  return { text: limited, stopReason: limited.length < text.length ? 'max_tokens' : 'end_turn' };
}

function blockSize(block: AnswerBlock): number {
  if (block.type === 'toolUse') return jsonTokens(block.input) + textTokens(block.name);
  return textTokens(block.text);
}

const sizeOf = (blocks: readonly AnswerBlock[]): number => blocks.reduce((sum, block) => sum + blockSize(block), 0);

function reasoningBlocks(reply: Reply | undefined, print: string): readonly AnswerBlock[] {
  if (reply?.reasoning === undefined) return [];
  return [{ type: 'reasoning', text: reply.reasoning, signature: Buffer.from(print, 'hex').toString('base64') }];
}

/** What the model says to a request: a queued reply, JSON for a schema, a forced tool call, or the usual text. */
export function composeAnswer(options: AnswerOptions): Answer {
  const { body, reply, maxTokens, input } = options;
  const print = fingerprint(options);
  const reasoning = reasoningBlocks(reply, print);
  const tools = toolBlocks(options, print);
  const silent = tools.length > 0 && reply?.text === undefined;
  const full = silent ? '' : (reply?.text ?? schemaText(body) ?? usualText(options, print));
  const room = Math.max(0, maxTokens - sizeOf(reasoning));
  const cut = cutText(full, body.inferenceConfig.stopSequences ?? [], room);
  const blocks: AnswerBlock[] = [...reasoning, ...(cut.text === '' ? [] : [{ type: 'text' as const, text: cut.text }])];
  const callsTools = tools.length > 0 && cut.stopReason === 'end_turn' && sizeOf([...blocks, ...tools]) <= maxTokens;
  if (callsTools) blocks.push(...tools);
  const natural = tools.length === 0 ? cut.stopReason : callsTools ? 'tool_use' : 'max_tokens';
  const { outputTokens = sizeOf(blocks), ...inputOverride } = reply?.usage ?? {};
  return {
    blocks,
    stopReason: reply?.stopReason ?? natural,
    ...(cut.stopSequence === undefined ? {} : { stopSequence: cut.stopSequence }),
    usage: withOutput({ ...input, ...defined(inputOverride) }, outputTokens),
    applied: { ...appliedOf(body), ...reply?.beside },
  };
}

function defined(counts: Readonly<Record<string, number | undefined>>): Partial<InputUsage> {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
}

const piece = /\s*\S{1,12}(?:\s+\S{1,8})?/gu;

/** Text in the small pieces in which a model lets go of it. Joined they are the text again. */
export function pieces(text: string): readonly string[] {
  const found = text.match(piece) ?? [];
  const rest = text.slice(found.reduce((length, part) => length + part.length, 0));
  return rest === '' ? found : [...found, rest];
}
