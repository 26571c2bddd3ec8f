import { z } from 'zod';
import { contentBlock } from '../core/request.js';
import { answerSources, type ModelResponse, type NanoUsd, stopReasons } from '../core/response.js';
import type { Target } from '../core/target.js';

/** By what an answer can be found again, to drop it. */
export interface EntryLabels {
  /** As the key names it, not in the clear. */
  readonly tenant: string;
  /** Who had the answer made. */
  readonly caller: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly session?: string;
  /** Of the text that was asked about; see text-sketch.ts. */
  readonly sketch: string;
}

/** A kept answer. */
export interface CacheEntry {
  readonly response: ModelResponse;
  /** What the answer cost when it was made, and what each hit saves. */
  readonly cost: NanoUsd;
  readonly labels: EntryLabels;
  /** How long it took to make, milliseconds. */
  readonly madeInMs: number;
  /** Wall clock, when the model was asked: what changed after it is not in the answer. */
  readonly askedAtMs: number;
  /** Wall clock. */
  readonly storedAtMs: number;
  /** Wall clock: from then on the answer is stale. */
  readonly expiresAtMs: number;
  /** Wall clock: until then it is kept, for use as a stale answer. */
  readonly keptUntilMs: number;
}

/** Where answers are kept. No member rejects: a store that fails has no answer and keeps nothing. */
export interface CacheStore {
  get(key: string): Promise<CacheEntry | undefined>;
  /** Keeps the entry until its `keptUntilMs`. */
  set(key: string, entry: CacheEntry): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Raised with the shape below; entries of another version are misses. */
const entryVersion = 2;

const count = z.int().min(0);
const usage = z.object({
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  cacheWrite1hTokens: count,
  totalTokens: count,
  estimated: z.boolean(),
  serviceTier: z.string().optional(),
});
const target = z.object({ model: z.string(), region: z.string(), profile: z.string().optional() });
const response = z.object({
  content: z.array(contentBlock),
  stopReason: z.enum(stopReasons),
  usage,
  served: target.transform((value) => value as Target),
  source: z.enum(answerSources),
  timeToFirstTokenMs: z.number().optional(),
  structured: z.record(z.string(), z.unknown()).optional(),
  additionalFields: z.record(z.string(), z.unknown()).optional(),
  cost: z.object({ nanoUsd: count, estimated: z.boolean() }).optional(),
  notices: z.array(z.string()),
});
const labels = z.object({
  tenant: z.string(),
  caller: z.string(),
  tags: z.record(z.string(), z.string()),
  session: z.string().optional(),
  sketch: z.string(),
});
const envelope = z.object({
  version: z.literal(entryVersion),
  /** An entry that lies under a key that is not its own is somebody else's answer. */
  key: z.string(),
  response,
  cost: count,
  labels,
  madeInMs: z.number().min(0),
  askedAtMs: z.number(),
  storedAtMs: z.number(),
  expiresAtMs: z.number(),
  keptUntilMs: z.number(),
});

/** The entry as JSON text that can tell for which key and by which rules it was written. */
export const encodeEntry = (key: string, entry: CacheEntry): string =>
  JSON.stringify({ version: entryVersion, key, ...entry });

/** The entry in a text; undefined when it is damaged, of another version or written for another key. */
export function decodeEntry(key: string, text: string): CacheEntry | undefined {
  const parsed = envelope.safeParse(parseJson(text));
  if (!parsed.success || parsed.data.key !== key) return undefined;
  const { version: _version, key: _key, ...entry } = parsed.data;
  // The schema says of absent fields what the type says: they are not there.
  return entry as CacheEntry;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
