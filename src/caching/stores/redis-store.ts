import type { Clock } from '../../core/clock.js';
import type { RedisCommands, RedisConnection } from '../../storage/redis-connection.js';
import { type CacheStore, decodeEntry, encodeEntry } from '../cache-entry.js';

/** The version in the name lets a new format start with an empty cache, without a scan over all keys. */
const keyPrefix = 'kairos-bedrock:cache:v1:';
const largestEntryBytes = 4 * 1_048_576;

export interface RedisStoreOptions {
  /** Shared with others; whoever opened it closes it. */
  readonly redis: RedisConnection;
  readonly clock: Clock;
}

/** What is used of Keyv over Redis; values are the texts of entries. */
interface TextStore {
  /** The text; undefined where there is none, another value where something else is there. */
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}

/** Answers shared by several servers, in Redis. While that is absent, slow or gone there are no answers in it. */
export function createRedisStore({ redis, clock }: RedisStoreOptions): CacheStore {
  let texts: Promise<TextStore> | undefined;
  const use = <T>(work: (store: TextStore) => Promise<T>): Promise<T | undefined> =>
    redis.run(async (commands) => {
      texts ??= openKeyv(commands);
      return work(await texts);
    });
  const remove = async (key: string): Promise<void> => {
    await use((store) => store.delete(key));
  };

  return {
    get: async (key) => {
      const text = await use((store) => store.get(key).catch(damagedOrThrow));
      if (text === undefined) return undefined;
      const entry = typeof text === 'string' ? decodeEntry(key, text) : undefined;
      if (!entry) await remove(key);
      return entry && entry.expiresAtMs > clock.nowMs() ? entry : undefined;
    },
    set: async (key, entry) => {
      const ttlMs = Math.floor(entry.expiresAtMs - clock.nowMs());
      const text = encodeEntry(key, entry);
      if (ttlMs <= 0 || text.length > largestEntryBytes) return;
      await use((store) => store.set(key, text, ttlMs).catch(ignoreOutOfMemory));
    },
    delete: remove,
    close: async () => undefined,
  };
}

/** Stands for a value that is there and unreadable. */
const damaged = Symbol('damaged');

/** A value that is not ours (no JSON, or another Redis type under our key) says nothing about the health of Redis. */
function damagedOrThrow(error: unknown): typeof damaged {
  if (error instanceof SyntaxError || messageOf(error).startsWith('WRONGTYPE')) return damaged;
  throw error;
}

/** A full Redis still answers reads, so that it stays in use. */
function ignoreOutOfMemory(error: unknown): void {
  if (!messageOf(error).startsWith('OOM')) throw error;
}

const valueIn = (found: unknown): unknown =>
  typeof found === 'object' && found !== null && 'value' in found ? found.value : undefined;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');

async function openKeyv({ client }: RedisCommands): Promise<TextStore> {
  const { Keyv } = await import('keyv');
  const { default: KeyvRedis } = await import('@keyv/redis');
  const ignore = () => undefined;
  const adapter = new KeyvRedis<string>(client, { throwOnErrors: true, throwOnConnectError: true });
  adapter.on('error', ignore);
  const keyv = new Keyv<string>({ store: adapter, useKeyPrefix: false, throwOnErrors: true });
  // Without a listener an error event would end the process; the connection tells of the failures it causes.
  keyv.on('error', ignore);
  // Otherwise Keyv puts a namespace of its own before ours.
  keyv.namespace = undefined;
  return {
    get: async (key) => {
      // Raw, because Keyv takes any JSON that is not its own for a miss, and it is to be deleted.
      const found: unknown = await keyv.get(keyPrefix + key, { raw: true });
      return found === undefined ? undefined : (valueIn(found) ?? damaged);
    },
    set: (key, value, ttlMs) => keyv.set(keyPrefix + key, value, ttlMs),
    delete: (key) => keyv.delete(keyPrefix + key),
  };
}
