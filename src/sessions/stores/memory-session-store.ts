import type { Clock } from '../../core/clock.js';
import { type Session, summaryOf } from '../../core/sessions.js';
import { memberKeys } from '../members.js';
import type { SessionStore } from '../session-store.js';

export interface MemorySessionStoreOptions {
  readonly clock: Clock;
  /** Default 2,000. */
  readonly maxSessions?: number;
  /** Characters of all sessions as JSON. Default 100 million. */
  readonly maxCharacters?: number;
}

interface Entry {
  readonly session: Session;
  readonly characters: number;
}

/** Sessions of this process only. Bounded: the one that nobody changed for longest makes room. */
export function createMemorySessionStore(options: MemorySessionStoreOptions): SessionStore {
  const { clock, maxSessions = 2_000, maxCharacters = 100_000_000 } = options;
  /** The one that changed longest ago first. */
  const entries = new Map<string, Entry>();
  let characters = 0;

  function forget(id: string): void {
    characters -= entries.get(id)?.characters ?? 0;
    entries.delete(id);
  }
  function find(id: string): Session | undefined {
    const session = entries.get(id)?.session;
    if (!session || session.expiresAtMs > clock.nowMs()) return session;
    forget(id);
    return undefined;
  }
  function makeRoom(): void {
    for (const id of entries.keys()) {
      if (entries.size <= maxSessions && characters <= maxCharacters) return;
      forget(id);
    }
  }

  return {
    find: async (id) => find(id),
    put: async (session) => {
      if ((find(session.id)?.version ?? 0) !== session.version - 1) return false;
      forget(session.id);
      const size = JSON.stringify(session).length;
      entries.set(session.id, { session, characters: size });
      characters += size;
      makeRoom();
      return true;
    },
    list: async (member, limit) => {
      const all = [...entries.keys()].toReversed().flatMap((id) => find(id) ?? []);
      return all
        .filter((session) => memberKeys(session).includes(member))
        .slice(0, limit)
        .map(summaryOf);
    },
    remove: async (id) => forget(id),
    close: async () => entries.clear(),
  };
}
