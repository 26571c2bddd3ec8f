import { callerKey } from '../core/caller-key.js';
import type { Clock, Random } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Caller } from '../core/pipeline.js';
import type { Session, Sessions } from '../core/sessions.js';
import { memberKeys } from './members.js';
import type { SessionStore } from './session-store.js';

export interface SessionManagerOptions {
  readonly store: SessionStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits?: Partial<SessionLimits>;
}

export interface SessionLimits {
  /** That one caller has or was let into. */
  readonly sessionsOfCaller: number;
  readonly messages: number;
  /** Of a session as JSON. */
  readonly characters: number;
  readonly guests: number;
  /** Milliseconds without a change. */
  readonly idleMs: number;
}

export interface SessionManager extends Sessions {
  close(id: string, caller: Caller): Promise<void>;
  /** Closes the store. */
  end(): Promise<void>;
}

const defaultLimits: SessionLimits = {
  sessionsOfCaller: 200,
  messages: 1_000,
  characters: 4_000_000,
  guests: 50,
  idleMs: 7 * 86_400_000,
};
/** Of a change that others were always faster with; each time one of them has got on. */
const mostTries = 20;

/** Conversations that belong to a caller and outlive its connection. */
export function createSessionManager(options: SessionManagerOptions): SessionManager {
  const { store, clock, random } = options;
  const limits = { ...defaultLimits, ...options.limits };

  async function get(id: string, caller: Caller): Promise<Session> {
    const session = await store.find(id).catch(rethrow);
    if (!session || !memberKeys(session).includes(callerKey(caller))) throw unknownSession();
    return session;
  }
  async function getOwn(id: string, caller: Caller): Promise<Session> {
    const session = await get(id, caller);
    if (session.owner.id === caller.id) return session;
    throw new ServiceError('authorization', 'Only the caller who created a session may share or close it.', {
      remedy: 'Ask the owner of the session, or create one of your own.',
    });
  }
  async function change(find: () => Promise<Session>, edit: (session: Session) => Partial<Session>): Promise<Session> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const before = await find();
      const after = renewed({ ...before, ...edit(before) }, before.version + 1, clock.nowMs(), limits);
      if (await store.put(after).catch(rethrow)) return after;
    }
    throw new ServiceError('rate_limit', 'Too many callers change this session at once.', { retryAfterMs: 500 });
  }

  return {
    create: async ({ title, system, messages }, caller) => {
      const own = await store.list(callerKey(caller), limits.sessionsOfCaller).catch(rethrow);
      if (own.length >= limits.sessionsOfCaller) throw tooMany(limits.sessionsOfCaller);
      const { id, tenant } = caller;
      const nowMs = clock.nowMs();
      const base = { id: random.id(), owner: { id, tenant }, sharedWith: [], messages, createdAtMs: nowMs };
      const named = { ...base, ...(title !== undefined && { title }), ...(system !== undefined && { system }) };
      const session = renewed(named, 1, nowMs, limits);
      await store.put(session).catch(rethrow);
      return session;
    },
    get,
    append: (id, messages, caller) =>
      change(
        () => get(id, caller),
        (session) => ({ messages: [...session.messages, ...messages] }),
      ),
    list: (caller) => store.list(callerKey(caller), limits.sessionsOfCaller).catch(rethrow),
    share: (id, callers, caller) =>
      change(
        () => getOwn(id, caller),
        ({ sharedWith, owner }) => ({
          sharedWith: [...new Set([...sharedWith, ...callers])].filter((guest) => guest !== owner.id),
        }),
      ),
    close: async (id, caller) => {
      await getOwn(id, caller);
      await store.remove(id).catch(rethrow);
    },
    end: () => store.close(),
  };
}

type Unstamped = Omit<Session, 'version' | 'updatedAtMs' | 'expiresAtMs'>;

/** The next state of a session, within its limits. */
function renewed(session: Unstamped, version: number, nowMs: number, limits: SessionLimits): Session {
  const next = { ...session, version, updatedAtMs: nowMs, expiresAtMs: nowMs + limits.idleMs };
  const problem =
    (next.messages.length > limits.messages && `more than ${limits.messages} messages`) ||
    (next.sharedWith.length > limits.guests && `more than ${limits.guests} callers it is shared with`) ||
    (JSON.stringify(next).length > limits.characters && `more than ${limits.characters} characters`);
  if (!problem) return next;
  throw new ServiceError('validation', `The session would have ${problem}.`, {
    remedy: 'Create a new session; it may begin with a summary of this one.',
  });
}

function rethrow(cause: unknown): never {
  if (cause instanceof ServiceError) throw cause;
  throw new ServiceError('network', 'The store of sessions does not answer.', {
    remedy: 'Call again in a moment, or send the conversation in `messages`.',
    retryAfterMs: 2_000,
    cause,
  });
}

const unknownSession = (): ServiceError =>
  new ServiceError('validation', 'There is no session of this id.', {
    remedy: 'Give the session_id of a session of yours, as bedrock_session `list` shows them, or create one.',
  });

const tooMany = (limit: number): ServiceError =>
  new ServiceError('rate_limit', `You have ${limit} sessions already.`, {
    remedy: 'Close sessions that you no longer need.',
  });
