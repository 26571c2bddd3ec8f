import { createHash } from 'node:crypto';
import type { Block, ConverseBody } from './converse-body.js';
import { blockTokens, inputTokens, jsonTokens } from './tokens.js';
import type { InputUsage } from './usage.js';

/** The input up to a cache point: what it is, how long it is, how long it is to be kept. */
interface Prefix {
  readonly key: string;
  readonly tokens: number;
  readonly ttl: '5m' | '1h';
}

const ttlMs = { '5m': 5 * 60_000, '1h': 60 * 60_000 } as const;
const mostPrefixes = 10_000;

/** All cache points of a request with the input before each, in Bedrock's order: tools, system, messages. */
function prefixesOf(modelId: string, body: ConverseBody): readonly Prefix[] {
  const hash = createHash('sha256').update(modelId);
  const prefixes: Prefix[] = [];
  let tokens = 0;
  const take = (part: unknown, size: number, point: Block['cachePoint']) => {
    if (point) prefixes.push({ key: hash.copy().digest('base64'), tokens, ttl: point.ttl ?? '5m' });
    else hash.update(JSON.stringify(part));
    tokens += point ? 0 : size;
  };
  for (const tool of body.toolConfig?.tools ?? []) take(tool, jsonTokens(tool), tool.cachePoint);
  for (const block of body.system) take(block, blockTokens(block), block.cachePoint);
  for (const message of body.messages) {
    hash.update(message.role);
    for (const block of message.content) take(block, blockTokens(block), block.cachePoint);
  }
  return prefixes;
}

export function hasCachePoint(body: ConverseBody): boolean {
  const inBlocks = (blocks: readonly Block[]) => blocks.some((block) => block.cachePoint);
  const tools = body.toolConfig?.tools ?? [];
  return (
    inBlocks(body.system) || tools.some((tool) => tool.cachePoint) || body.messages.some((m) => inBlocks(m.content))
  );
}

export interface PromptCache {
  /** The input side of the usage; remembers the prefixes of the request. */
  account(modelId: string, body: ConverseBody, minTokens: number, nowMs: number): InputUsage;
  clear(): void;
}

/** Remembers which prefixes were sent before, as long as their time to live says. */
export function createPromptCache(): PromptCache {
  const expiry = new Map<string, number>();

  function remember({ key, ttl }: Prefix, nowMs: number): void {
    expiry.delete(key);
    const oldest = expiry.size >= mostPrefixes ? expiry.keys().next().value : undefined;
    if (oldest !== undefined) expiry.delete(oldest);
    expiry.set(key, nowMs + ttlMs[ttl]);
  }

  function account(modelId: string, body: ConverseBody, minTokens: number, nowMs: number): InputUsage {
    const total = inputTokens(body);
    if (!hasCachePoint(body)) return { inputTokens: total, cacheReadInputTokens: 0, cacheWriteInputTokens: 0 };
    const prefixes = prefixesOf(modelId, body).filter((prefix) => prefix.tokens >= Math.max(1, minTokens));
    const read = prefixes.findLast((prefix) => (expiry.get(prefix.key) ?? 0) > nowMs)?.tokens ?? 0;
    const last = prefixes.at(-1);
    const written = Math.max(0, (last?.tokens ?? 0) - read);
    for (const prefix of prefixes) remember(prefix, nowMs);
    return {
      inputTokens: total - read - written,
      cacheReadInputTokens: read,
      cacheWriteInputTokens: written,
      ...(written > 0 && last ? { cacheDetails: [{ ttl: last.ttl, inputTokens: written }] } : {}),
    };
  }

  return { account, clear: () => expiry.clear() };
}
