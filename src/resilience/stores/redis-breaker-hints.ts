import { z } from 'zod';
import type { Target } from '../../core/target.js';
import type { RedisConnection } from '../../storage/redis-connection.js';
import type { BreakerHint, BreakerHints } from '../breaker-hints.js';

export interface RedisBreakerHintsOptions {
  /** Shared with others; whoever opened it closes it. */
  readonly redis: Pick<RedisConnection, 'run' | 'subscribe'>;
  /** Names this server, so that it does not hear itself. */
  readonly replica: string;
}

const channel = 'kairos-bedrock:breakers:v1';
const name = z.string().min(1).max(256);
const message = z.object({
  replica: name,
  model: name,
  region: name,
  profile: name.optional(),
  state: z.enum(['open', 'closed']),
  why: z.string().max(64),
});
const longestMessage = 2_000;

/** Hints over a channel of Redis. Without Redis every server goes by what it sees itself. */
export function createRedisBreakerHints({ redis, replica }: RedisBreakerHintsOptions): BreakerHints {
  return {
    tell: ({ target, state, why }) => {
      const text = JSON.stringify({ replica, ...target, state, why: why.slice(0, 64) });
      void redis.run((commands) => commands.send('PUBLISH', channel, text));
    },
    hear: (listener) =>
      redis.subscribe(channel, (text) => {
        const hint = hintIn(text, replica);
        if (hint) listener(hint);
      }),
  };
}

/** Undefined for what this server said itself, and for what is no hint. */
function hintIn(text: string, replica: string): BreakerHint | undefined {
  if (text.length > longestMessage) return undefined;
  try {
    const heard = message.safeParse(JSON.parse(text));
    if (!heard.success || heard.data.replica === replica) return undefined;
    const { state, why, replica: _, ...target } = heard.data;
    // The names were checked by the server that told them, when it called the target.
    return { target: target as Target, state, why };
  } catch {
    return undefined;
  }
}
