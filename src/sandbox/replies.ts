import { z } from 'zod';
import { type CallFacts, matches, matchFields } from './match.js';

const toolUse = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
  input: z.unknown().optional(),
  toolUseId: z
    .string()
    .regex(/^[a-zA-Z0-9_.:-]{1,64}$/)
    .optional(),
});

const count = z.int().min(0).max(1_000_000_000);

/** What to answer instead of the usual text. */
export const replySchema = z.strictObject({
  ...matchFields,
  /** How many calls it answers before it is used up. */
  count: count.min(1).default(1),
  text: z.string().max(8_000_000).optional(),
  /** Tool calls to answer with; input is made from the tool's schema when it is left out. */
  toolUse: z.union([toolUse, z.array(toolUse).min(1).max(32)]).optional(),
  reasoning: z.string().min(1).max(1_000_000).optional(),
  stopReason: z.string().min(1).max(64).optional(),
  /** What Converse says beside the answer, such as `trace` or the service tier used. */
  beside: z.record(z.string().max(64), z.unknown()).optional(),
  /** Overrides single counts; the total is added up again. */
  usage: z
    .strictObject({
      inputTokens: count.optional(),
      outputTokens: count.optional(),
      cacheReadInputTokens: count.optional(),
      cacheWriteInputTokens: count.optional(),
    })
    .optional(),
});
export type ReplySpec = z.input<typeof replySchema>;
export type Reply = z.output<typeof replySchema>;

export interface ReplyQueue {
  add(replies: readonly Reply[]): void;
  /** The first reply that fits the call; each answers as many calls as its count says. */
  take(facts: CallFacts): Reply | undefined;
  list(): readonly Reply[];
  clear(): void;
}

const most = 10_000;

export function createReplyQueue(): ReplyQueue {
  let queue: { reply: Reply; left: number }[] = [];
  return {
    add: (replies) => {
      const room = replies.slice(0, Math.max(0, most - queue.length));
      queue.push(...room.map((reply) => ({ reply, left: reply.count })));
    },
    take: (facts) => {
      const entry = queue.find(({ reply }) => matches(reply, facts));
      if (!entry) return undefined;
      entry.left -= 1;
      if (entry.left <= 0) queue = queue.filter((other) => other !== entry);
      return entry.reply;
    },
    list: () => queue.map(({ reply, left }) => ({ ...reply, count: left })),
    clear: () => {
      queue = [];
    },
  };
}
