import type { Clock, Random } from '../../core/clock.js';
import type { RedisCommands, RedisConnection } from '../../storage/redis-connection.js';
import { redisScript } from '../../storage/redis-connection.js';
import type { Sealer } from '../../storage/sealer.js';
import type { CacheEntry, CacheStore } from '../cache-entry.js';
import type { Claim } from './answer-claims.js';
import { createEntryText } from './entry-text.js';
import { isOutOfMemory, isWrongType } from './redis-errors.js';
import { answerNames } from './redis-names.js';

/** Entries made together must not all end together: up to so much of their time is taken off. */
const jitter = 0.1;

/** `full`: Redis has no room. `lost`: nobody knows what became of it. */
export type WriteOutcome = 'kept' | 'full' | 'lost';

export interface RedisStoreOptions {
  /** Shared with others; whoever opened it closes it. */
  readonly redis: RedisConnection;
  readonly clock: Clock;
  readonly random: Random;
  /** Undefined: entries are readable for everybody who can read Redis. */
  readonly sealer?: Sealer | undefined;
  readonly onWrite?: (outcome: WriteOutcome) => void;
}

export interface RedisStore extends CacheStore {
  /** With a claim the entry is kept only if no later claim on the answer has kept one. */
  set(key: string, entry: CacheEntry, claim?: Claim): Promise<void>;
}

/** What is used of Keyv over Redis; values are the texts of entries. */
interface TextStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string, ttlMs: number): Promise<unknown>;
  delete(name: string): Promise<unknown>;
}

/** Answers shared by several servers, in Redis. While that is absent, slow or gone there are no answers in it. */
export function createRedisStore(options: RedisStoreOptions): RedisStore {
  const { redis, clock, random, sealer, onWrite = () => undefined } = options;
  const texts = createEntryText(sealer);
  let keyv: Promise<TextStore> | undefined;
  const use = <T>(work: (store: TextStore, commands: RedisCommands) => Promise<T>): Promise<T | undefined> =>
    redis.run(async (commands) => {
      keyv ??= openKeyv(commands);
      return work(await keyv, commands);
    });
  const remove = async (key: string): Promise<void> => {
    const names = answerNames(key, sealer);
    await use((store) => Promise.all(names.map(({ entry }) => store.delete(entry))));
  };
  const read = (key: string): Promise<readonly (string | typeof damaged | undefined)[] | undefined> =>
    use((store) => Promise.all(answerNames(key, sealer).map(({ entry }) => store.get(entry).catch(damagedOrThrow))));
  const write = (key: string, text: string, ttlMs: number, claim: Claim | undefined) =>
    use(async (store, commands) => {
      const [{ entry, fence }] = answerNames(key, sealer);
      const writing = claim
        ? commands.evaluate(keepFenced, [entry, fence], [text, `${ttlMs}`, `${claim.token}`])
        : store.set(entry, text, ttlMs);
      return writing.then(() => 'kept' as const).catch(fullOrThrow);
    });

  return {
    get: async (key) => {
      const found = (await read(key))?.find((text) => text !== undefined);
      if (found === undefined) return undefined;
      const entry = found === damaged ? undefined : await texts.read(key, found);
      if (!entry) await remove(key);
      return entry && entry.keptUntilMs > clock.nowMs() ? entry : undefined;
    },
    set: async (key, entry, claim) => {
      const left = entry.keptUntilMs - clock.nowMs();
      const ttlMs = Math.floor(left * (1 - jitter * random.next()));
      const text = ttlMs > 0 ? await texts.write(key, entry) : undefined;
      if (text === undefined) return;
      onWrite((await write(key, text, ttlMs, claim)) ?? 'lost');
    },
    delete: remove,
  };
}

/** KEYS entry, fence; ARGV text, milliseconds, token. */
const keepFenced = redisScript(`
local written = 0
if redis.call('TYPE', KEYS[2]).ok == 'hash' then
  written = tonumber(redis.call('HGET', KEYS[2], 'written')) or 0
end
if tonumber(ARGV[3]) < written then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.call('TYPE', KEYS[2]).ok == 'hash' then redis.call('HSET', KEYS[2], 'written', ARGV[3]) end
return 1
`);

/** Stands for a value that is there and unreadable. */
const damaged = Symbol('damaged');

function damagedOrThrow(error: unknown): typeof damaged {
  if (isWrongType(error)) return damaged;
  throw error;
}

function fullOrThrow(error: unknown): 'full' {
  if (isOutOfMemory(error)) return 'full';
  throw error;
}

async function openKeyv({ client }: RedisCommands): Promise<TextStore> {
  const { Keyv } = await import('keyv');
  const { default: KeyvRedis } = await import('@keyv/redis');
  const ignore = () => undefined;
  const adapter = new KeyvRedis<string>(client, { throwOnErrors: true, throwOnConnectError: true });
  adapter.on('error', ignore);
  const keyv = new Keyv<string>({
    store: adapter,
    useKeyPrefix: false,
    throwOnErrors: true,
    // The texts as they are: they can tell by themselves whether they are ours, and scripts write them too.
    serialize: ({ value }) => String(value),
    deserialize: (text) => ({ value: text as never }),
  });
  // Without a listener an error event would end the process; the connection tells of the failures it causes.
  keyv.on('error', ignore);
  // Otherwise Keyv puts a namespace of its own before ours.
  keyv.namespace = undefined;
  return {
    get: (name) => keyv.get(name),
    set: (name, text, ttlMs) => keyv.set(name, text, ttlMs),
    delete: (name) => keyv.delete(name),
  };
}
