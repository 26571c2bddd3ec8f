import type { Clock } from '../../core/clock.js';
import { type RedisConnection, redisScript } from '../../storage/redis-connection.js';
import { createRedisDemand } from '../../storage/redis-demand.js';
import type { SealedText } from '../../storage/sealed-text.js';
import type { Run, RunStore } from '../run.js';

export interface RedisRunStoreOptions {
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly text: SealedText;
}

const keyOf = (id: string): string => `kairos-bedrock:run:v1:{${id}}`;

const begin = redisScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('HGETALL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'holder', ARGV[2], 'lease', ARGV[3])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return {}`);
const mine = `if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] or redis.call('HEXISTS', KEYS[1], 'outcome') == 1 then return 'lost' end`;
const renew = redisScript(`${mine}
redis.call('HSET', KEYS[1], 'lease', ARGV[2])
if redis.call('HEXISTS', KEYS[1], 'cancel') == 1 then return 'cancel' end
return 'kept'`);
const end = redisScript(`${mine}
redis.call('HSET', KEYS[1], 'outcome', ARGV[2], 'ended', ARGV[3], 'expires', ARGV[4])
redis.call('PEXPIREAT', KEYS[1], ARGV[4])
return 'kept'`);
const drop = redisScript(`${mine}
redis.call('DEL', KEYS[1])
return 'kept'`);
const cancel = redisScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'cancel', '1') end
return 'kept'`);

/** Runs that all servers over one Redis share. Each is one hash, changed by scripts only. */
export function createRedisRunStore({ redis, clock, text }: RedisRunStoreOptions): RunStore {
  const use = createRedisDemand(redis, clock);
  const read = (reply: unknown): Run | undefined => toRun(fieldsOf(reply), text);

  return {
    begin: async (run) => {
      const { id, holder, leaseUntilMs, expiresAtMs } = run;
      const args = [JSON.stringify(run), holder, String(leaseUntilMs), String(expiresAtMs)];
      return read(await use((commands) => commands.evaluate(begin, [keyOf(id)], args)));
    },
    find: async (id) => read(await use((commands) => commands.send('HGETALL', keyOf(id)))),
    renew: async (id, holder, leaseUntilMs) => {
      const state = await use((commands) => commands.evaluate(renew, [keyOf(id)], [holder, String(leaseUntilMs)]));
      return state === 'kept' || state === 'cancel' ? state : 'lost';
    },
    end: async (id, holder, { outcome, endedAtMs, expiresAtMs }) => {
      const args = [holder, text.seal(outcome, id), String(endedAtMs), String(expiresAtMs)];
      await use((commands) => commands.evaluate(end, [keyOf(id)], args));
    },
    drop: async (id, holder) => {
      await use((commands) => commands.evaluate(drop, [keyOf(id)], [holder]));
    },
    requestCancel: async (id) => {
      await use((commands) => commands.evaluate(cancel, [keyOf(id)], []));
    },
    // The connection is shared; who opened it closes it.
    close: async () => undefined,
  };
}

/** A hash as one protocol or the other tells it. */
function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(reply)) return new Map(Object.entries((reply ?? {}) as Record<string, string>));
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < reply.length; index += 2) fields.set(String(reply[index]), String(reply[index + 1]));
  return fields;
}

function toRun(fields: ReadonlyMap<string, string>, text: SealedText): Run | undefined {
  const kept = fields.get('run');
  if (kept === undefined) return undefined;
  const run = JSON.parse(kept) as Run;
  const sealed = fields.get('outcome');
  const state = { ...run, leaseUntilMs: Number(fields.get('lease')), cancelRequested: fields.has('cancel') };
  if (sealed === undefined) return state;
  const outcome = text.open(sealed, run.id);
  if (outcome === undefined) throw new Error('an outcome cannot be opened with the keys that are here');
  return { ...state, outcome, endedAtMs: Number(fields.get('ended')), expiresAtMs: Number(fields.get('expires')) };
}
