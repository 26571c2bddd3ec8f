import type { ServerResponse } from 'node:http';
import { callerKey } from '../../core/caller-key.js';
import type { Clock } from '../../core/clock.js';
import type { Caller } from '../../core/pipeline.js';
import type { McpConnection } from '../protocol-2025/mcp-connection.js';

export interface Session<Transport> {
  readonly id: string;
  /** Nobody else finds it. */
  readonly owner: Caller;
  readonly transport: Transport;
  readonly connection: McpConnection;
  /** Older protocol revisions allow several messages in one body. */
  readonly batches: boolean;
}

export interface SessionsOptions {
  readonly clock: Clock;
  readonly maxSessions: number;
  /** Of them, of one caller: it ends its own sessions before it ends those of others. */
  readonly maxSessionsOfCaller: number;
  /** A session nobody used for so long is closed. */
  readonly idleMs: number;
}

export interface Sessions<Transport> {
  /** For one more session of the owner; false when the store, or the owner's part of it, is full of sessions in use. */
  makeRoom(owner: Caller): boolean;
  add(session: Session<Transport>): void;
  /** Undefined for a session of others, as for one that does not exist. */
  find(id: string, caller: Caller): Session<Transport> | undefined;
  /** Counts the session as used until the response has ended. */
  hold(id: string, response: ServerResponse): void;
  remove(id: string): void;
  /** Closes what was idle for too long. */
  reap(): void;
  all(): readonly Session<Transport>[];
}

interface Entry<Transport> {
  readonly session: Session<Transport>;
  openResponses: number;
  lastUsedMs: number;
}

/** With all rights and limits: a session that was opened with others than its caller has now is of no use. */
const isSame = (left: Caller, right: Caller): boolean =>
  left === right || JSON.stringify(left) === JSON.stringify(right);

/** Bounded by `maxSessions` of each store; when it is full, the session that was idle for longest makes room. */
export function createSessions<Transport>(options: SessionsOptions): Sessions<Transport> {
  const { clock, maxSessions, maxSessionsOfCaller, idleMs } = options;
  /** Least recently used first. */
  const entries = new Map<string, Entry<Transport>>();

  const isIdle = (entry: Entry<Transport>) =>
    entry.openResponses === 0 && entry.session.connection.requestsInFlight() === 0;

  function touch(entry: Entry<Transport>): void {
    entry.lastUsedMs = clock.monotonicMs();
    entries.delete(entry.session.id);
    entries.set(entry.session.id, entry);
  }

  function end({ session }: Entry<Transport>): void {
    entries.delete(session.id);
    session.connection.close().catch(() => undefined);
  }

  function endIdle(candidates: readonly Entry<Transport>[]): boolean {
    const idle = candidates.find(isIdle);
    if (idle) end(idle);
    return idle !== undefined;
  }

  function reap(): void {
    const oldestMs = clock.monotonicMs() - idleMs;
    for (const entry of [...entries.values()]) {
      if (entry.lastUsedMs <= oldestMs && isIdle(entry)) end(entry);
    }
  }

  return {
    reap,
    makeRoom: (owner) => {
      const key = callerKey(owner);
      const own = [...entries.values()].filter(({ session }) => callerKey(session.owner) === key);
      if (own.length >= maxSessionsOfCaller) return endIdle(own);
      return entries.size < maxSessions || endIdle([...entries.values()]);
    },
    add: (session) => {
      entries.set(session.id, { session, openResponses: 0, lastUsedMs: clock.monotonicMs() });
    },
    find: (id, caller) => {
      const session = entries.get(id)?.session;
      return session && isSame(session.owner, caller) ? session : undefined;
    },
    hold: (id, response) => {
      const entry = entries.get(id);
      if (!entry) return;
      entry.openResponses += 1;
      touch(entry);
      response.once('close', () => {
        entry.openResponses -= 1;
        if (entries.has(id)) touch(entry);
      });
    },
    remove: (id) => {
      entries.delete(id);
    },
    all: () => [...entries.values()].map(({ session }) => session),
  };
}
