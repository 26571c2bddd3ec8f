import type { Clock } from '../core/clock.js';
import type { Target } from '../core/target.js';

export interface Warmth {
  readonly target: Target;
  /** Tokens that the target was seen to have in its prompt cache. */
  readonly cachedTokens: number;
}

/** Where conversations were answered last. */
export interface SessionAffinity {
  of(conversation: number): Warmth | undefined;
  keep(conversation: number, warmth: Warmth): void;
  size(): number;
}

/** As long as Bedrock keeps a cached prefix that nobody reads. */
const keptMs = 300_000;
const mostConversations = 10_000;

export function createSessionAffinity({ clock }: { readonly clock: Clock }): SessionAffinity {
  const kept = new Map<number, Warmth & { readonly untilMs: number }>();
  return {
    of: (conversation) => {
      const warmth = kept.get(conversation);
      return warmth !== undefined && warmth.untilMs > clock.monotonicMs() ? warmth : undefined;
    },
    keep: (conversation, warmth) => {
      kept.delete(conversation);
      kept.set(conversation, { ...warmth, untilMs: clock.monotonicMs() + keptMs });
      const oldest = kept.size > mostConversations ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
    },
    size: () => kept.size,
  };
}
