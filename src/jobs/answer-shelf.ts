import { LRUCache } from 'lru-cache';
import type { Answers } from '../core/answers.js';
import { callerKey } from '../core/caller-key.js';
import type { Clock } from '../core/clock.js';

const mostCharacters = 50_000_000;
const keptMs = 3_600_000;

/** Answers that were too long for their callers: in memory, for an hour, the one read longest ago makes room. */
export function createAnswerShelf({ clock }: { readonly clock: Clock }): Answers {
  const shelf = new LRUCache<string, string>({
    maxSize: mostCharacters,
    sizeCalculation: (text) => text.length + 1,
    ttl: keptMs,
    perf: { now: () => clock.monotonicMs() + 1 },
  });
  const keyOf = (requestId: string, caller: Parameters<Answers['find']>[1]) => `${callerKey(caller)} ${requestId}`;
  return {
    keep: (requestId, caller, text) => {
      shelf.set(keyOf(requestId, caller), text);
      return { uri: `bedrock://answers/${requestId}`, name: `answer-${requestId}`, mimeType: 'text/plain' };
    },
    find: (requestId, caller) => shelf.get(keyOf(requestId, caller)),
  };
}
