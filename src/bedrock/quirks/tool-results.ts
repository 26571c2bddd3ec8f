import { createHash } from 'node:crypto';
import type { ContentBlock, Message, ToolResultBlock, ToolResultContentBlock } from '@aws-sdk/client-bedrock-runtime';
import type { ModelRules } from './model-rules.js';

/* The form in which single families want the ids of tool calls and the results of tools. */

/** The same history with ids and results as the model takes them. */
export function withOwnToolForm(messages: Message[], rules: ModelRules): Message[] {
  const { toolIds, noResultStatus, jsonResults } = rules;
  if (!toolIds && !noResultStatus && !jsonResults) return messages;
  const rename = toolIds ? shortIds(messages, toolIds) : (id: string | undefined) => id;
  const form = (block: ContentBlock): ContentBlock => {
    if (block.toolUse) return { toolUse: { ...block.toolUse, toolUseId: rename(block.toolUse.toolUseId) } };
    if (!block.toolResult) return block;
    const result = { ...block.toolResult, toolUseId: rename(block.toolResult.toolUseId) };
    const said = noResultStatus ? withoutStatus(result) : result;
    return { toolResult: jsonResults ? { ...said, content: (said.content ?? []).map(asJson) } : said };
  };
  return messages.map((message) => ({ ...message, content: (message.content ?? []).map(form) }));
}

function withoutStatus({ status, ...result }: ToolResultBlock): ToolResultBlock {
  if (status !== 'error') return result;
  return { ...result, content: [{ text: 'Error:' }, ...(result.content ?? [])] };
}

/** JSON has to be an object here; anything else becomes the one member of one. */
function asJson(part: ToolResultContentBlock): ToolResultContentBlock {
  if (part.text === undefined) return part;
  return { json: objectIn(part.text) ?? { result: part.text } };
}

type JsonDocument = NonNullable<ToolResultContentBlock['json']>;

function objectIn(text: string): JsonDocument | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonDocument) : undefined;
  } catch {
    return undefined;
  }
}

const shortLength = 9;

/** A legal id stays; any other becomes one of nine letters and digits that depends on nothing but itself. */
function shortIds(messages: readonly Message[], legal: RegExp): (id: string | undefined) => string {
  const ids = messages.flatMap(({ content = [] }) => content.flatMap(({ toolUse }) => toolUse?.toolUseId ?? []));
  const names = new Map(ids.filter((id) => legal.test(id)).map((id) => [id, id]));
  const taken = new Set(names.values());
  for (const id of ids) {
    if (names.has(id)) continue;
    let short = digest(id);
    for (let number = 1; taken.has(short); number += 1) short = digest(`${id} ${number}`);
    taken.add(short);
    names.set(id, short);
  }
  return (id = '') => names.get(id) ?? id;
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, shortLength);
