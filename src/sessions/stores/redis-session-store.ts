import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import { type Session, type SessionSummary, summaryOf } from '../../core/sessions.js';
import { type RedisConnection, redisScript } from '../../storage/redis-connection.js';
import { createRedisDemand } from '../../storage/redis-demand.js';
import type { SealedText } from '../../storage/sealed-text.js';
import { memberKeys } from '../members.js';
import type { SessionStore } from '../session-store.js';

export interface RedisSessionStoreOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly text: SealedText;
}

/** Of a caller that the index names; the oldest fall out. */
const indexed = 1_000;
const keyOf = (id: string): string => `kairos-bedrock:session:v1:{${id}}`;
const indexOf = (member: string): string =>
  `kairos-bedrock:sessions-of:v1:{${createHash('sha256').update(member).digest('hex')}}`;

/** Compare and set: the version before has to be there, and no session at all before the first. */
const put = redisScript(`
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[1]) - 1 then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'session', ARGV[2], 'summary', ARGV[3])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return 1`);

/** Sessions that all servers over one Redis share: a hash each, and an index of sessions for each caller. */
export function createRedisSessionStore({ redis, clock, text }: RedisSessionStoreOptions): SessionStore {
  const use = createRedisDemand(redis, clock);
  function open<Value>(stored: unknown, context: string): Value | undefined {
    if (typeof stored !== 'string') return undefined;
    const plain = text.open(stored, context);
    if (plain === undefined) throw new Error('a session cannot be opened with the keys that are here');
    return JSON.parse(plain) as Value;
  }
  async function index(session: Session): Promise<void> {
    const { id, updatedAtMs, expiresAtMs } = session;
    for (const key of memberKeys(session).map(indexOf)) {
      await use(async (commands) => {
        await commands.send('ZADD', key, String(updatedAtMs), id);
        await commands.send('ZREMRANGEBYRANK', key, '0', String(-indexed - 1));
        await commands.send('PEXPIREAT', key, String(expiresAtMs), 'GT');
        await commands.send('PEXPIREAT', key, String(expiresAtMs), 'NX');
      });
    }
  }

  return {
    find: async (id) => open<Session>(await use((commands) => commands.send('HGET', keyOf(id), 'session')), id),
    put: async (session) => {
      const { id, version, expiresAtMs } = session;
      const [whole, brief] = [session, summaryOf(session)].map((part) => text.seal(JSON.stringify(part), id));
      const args = [String(version), String(whole), String(brief), String(expiresAtMs)];
      const done = await use((commands) => commands.evaluate(put, [keyOf(id)], args));
      if (done !== 1) return false;
      await index(session);
      return true;
    },
    list: async (member, limit) => {
      const ids = await use((commands) => commands.send('ZREVRANGE', indexOf(member), '0', String(limit - 1)));
      const found: SessionSummary[] = [];
      for (const id of Array.isArray(ids) ? ids.map(String) : []) {
        const summary = open<SessionSummary>(await use((c) => c.send('HGET', keyOf(id), 'summary')), id);
        if (summary) found.push(summary);
        else await use((commands) => commands.send('ZREM', indexOf(member), id));
      }
      return found;
    },
    remove: async (id) => {
      await use((commands) => commands.send('DEL', keyOf(id)));
    },
    // The connection is shared; who opened it closes it.
    close: async () => undefined,
  };
}
