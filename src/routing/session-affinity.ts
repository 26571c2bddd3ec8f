import type { Clock } from '../core/clock.js';
import { type Target, targetKey } from '../core/target.js';

export interface Warmth {
  readonly target: Target;
  /** Tokens that the target was seen to have in its prompt cache. */
  readonly cachedTokens: number;
  /** They were written to be kept for an hour. */
  readonly keptLong?: boolean;
}

/** Where conversations were answered last. */
export interface SessionAffinity {
  of(conversation: number): Warmth | undefined;
  keep(conversation: number, warmth: Warmth): void;
  size(): number;
}

/** As long as Bedrock keeps a cached prefix that nobody reads. */
const keptMs = { usually: 300_000, long: 3_600_000 };
const mostConversations = 10_000;

export function createSessionAffinity({ clock }: { readonly clock: Clock }): SessionAffinity {
  const kept = new Map<number, Warmth & { readonly untilMs: number }>();
  return {
    of: (conversation) => {
      const warmth = kept.get(conversation);
      return warmth !== undefined && warmth.untilMs > clock.monotonicMs() ? warmth : undefined;
    },
    keep: (conversation, warmth) => {
      const before = kept.get(conversation);
      const forMs = warmth.keptLong === true ? keptMs.long : keptMs.usually;
      const isSame = before !== undefined && targetKey(before.target) === targetKey(warmth.target);
      const untilMs = Math.max(clock.monotonicMs() + forMs, isSame ? before.untilMs : 0);
      kept.delete(conversation);
      kept.set(conversation, { ...warmth, untilMs });
      const oldest = kept.size > mostConversations ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    size: () => kept.size,
  };
}
