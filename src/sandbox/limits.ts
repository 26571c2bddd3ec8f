import { z } from 'zod';
import { type Refusal, refuse } from './aws-error.js';
import { type CallFacts, matches } from './match.js';

const rate = z.int().min(1).max(1_000_000_000_000);

export const limitSchema = z
  .strictObject({
    model: z.string().min(1).max(2_048).optional(),
    region: z.string().min(1).max(64).optional(),
    requestsPerMinute: rate.optional(),
    tokensPerMinute: rate.optional(),
  })
  .refine((limit) => limit.requestsPerMinute ?? limit.tokensPerMinute, 'give requestsPerMinute or tokensPerMinute');
type Limit = z.output<typeof limitSchema>;
export type LimitSpec = z.input<typeof limitSchema>;

/** Fills up again evenly; full after a minute. */
interface Bucket {
  left: number;
  atMs: number;
}

const minuteMs = 60_000;
const unlimited = Number.MAX_SAFE_INTEGER;
const mostLimits = 1_000;
const mostBuckets = 10_000;

export interface Limits {
  set(limits: readonly Limit[]): void;
  list(): readonly Limit[];
  /** Takes one request and the worst case in tokens; answers AWS's throttling when there is not enough. */
  reserve(facts: CallFacts, tokens: number, nowMs: number): Reservation | Refusal;
  clear(): void;
}

interface Reservation {
  /** Gives back what was reserved and not used. */
  settle(usedTokens: number): void;
}

/** Requests and tokens per minute, counted for each model and region by itself as Bedrock does. */
export function createLimits(): Limits {
  let limits: readonly Limit[] = [];
  const buckets = new Map<string, Bucket>();

  function bucketOf(name: string, perMinute: number, nowMs: number): Bucket {
    const known = buckets.get(name);
    if (!known) {
      const oldest = buckets.size >= mostBuckets ? buckets.keys().next().value : undefined;
      if (oldest !== undefined) buckets.delete(oldest);
      const bucket = { left: perMinute, atMs: nowMs };
      buckets.set(name, bucket);
      return bucket;
    }
    known.left = Math.min(perMinute, known.left + ((nowMs - known.atMs) * perMinute) / minuteMs);
    known.atMs = nowMs;
    return known;
  }

  function reserve(facts: CallFacts, tokens: number, nowMs: number): Reservation | Refusal {
    const limit = limits.find((entry) => matches(entry, facts));
    if (!limit) return { settle: () => undefined };
    const { requestsPerMinute = unlimited, tokensPerMinute = unlimited } = limit;
    const name = `${facts.requestedId ?? ''}@${facts.region}`;
    const requests = bucketOf(`requests ${name}`, requestsPerMinute, nowMs);
    const budget = bucketOf(`tokens ${name}`, tokensPerMinute, nowMs);
    if (requests.left < 1) return refuse('ThrottlingException', 'Too many requests, please wait before trying again.');
    if (budget.left < tokens) return refuse('ThrottlingException', 'Too many tokens, please wait before trying again.');
    requests.left -= 1;
    budget.left -= tokens;
    return {
      settle: (used) => {
        budget.left += tokens - used;
      },
    };
  }

  return {
    set: (next) => {
      limits = next.slice(0, mostLimits);
      buckets.clear();
    },
    list: () => limits,
    reserve,
    clear: () => {
      limits = [];
      buckets.clear();
    },
  };
}
