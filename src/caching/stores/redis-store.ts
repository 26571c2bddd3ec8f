import type { Clock } from '../../core/clock.js';
import type { ServerEvent } from '../../core/events.js';
import { type CacheStore, decodeEntry, encodeEntry } from '../cache-entry.js';
import { createStoreGuard } from './store-guard.js';

/** The version in the name lets a new format start with an empty cache, without a scan over all keys. */
const keyPrefix = 'kairos-bedrock:cache:v1:';
const connectTimeoutMs = 2_000;
/** An idle connection is pinged more often than the socket time-out, so that only a dead one reaches it. */
const pingIntervalMs = 1_000;
const socketTimeoutMs = 3_000;
const longestReconnectPauseMs = 2_000;
const queuedCommands = 1_000;
const largestEntryBytes = 4 * 1_048_576;

export interface RedisStoreOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Bound of every operation. Default 100. */
  readonly timeoutMs?: number;
}

/** What is used of Keyv over Redis; values are the texts of entries. */
interface TextStore {
  isReady(): boolean;
  /** The text; undefined where there is none, another value where something else is there. */
  get(key: string): Promise<unknown>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  disconnect(): Promise<void>;
  /** Closes the socket without waiting for anybody. */
  destroy(): void;
}

/**
 * Answers shared by several servers, in Redis. It connects in the background and may be absent, slow or gone at any
 * time: then there are no answers in it, and no caller waits for it longer than `timeoutMs` once.
 */
export function createRedisStore({ url, clock, onServerEvent, timeoutMs = 100 }: RedisStoreOptions): CacheStore {
  const opening = openKeyv(url);
  const guard = createStoreGuard({
    store: 'redis',
    timeoutMs,
    clock,
    onServerEvent,
    probe: async () => (await opening).get('probe'),
  });
  // While it connects for the first time it is merely not there yet; after that it is degraded.
  let expectedAtMs = Number.POSITIVE_INFINITY;
  let store: TextStore | undefined;
  opening.then(
    (opened) => {
      store = opened;
      expectedAtMs = clock.monotonicMs() + connectTimeoutMs;
    },
    // Whoever uses the store sees the failure; without users it must not end the process.
    () => {
      expectedAtMs = clock.monotonicMs();
    },
  );
  const use = async <T>(work: (store: TextStore) => Promise<T>): Promise<T | undefined> => {
    if (store?.isReady()) expectedAtMs = Number.NEGATIVE_INFINITY;
    if (clock.monotonicMs() < expectedAtMs) return undefined;
    return guard.run(async () => work(await opening));
  };
  const remove = async (key: string): Promise<void> => {
    await use((redis) => redis.delete(key));
  };

  return {
    get: async (key) => {
      const text = await use((redis) => redis.get(key).catch(damagedOrThrow));
      if (text === undefined) return undefined;
      const entry = typeof text === 'string' ? decodeEntry(key, text) : undefined;
      if (!entry) await remove(key);
      return entry && entry.expiresAtMs > clock.nowMs() ? entry : undefined;
    },
    set: async (key, entry) => {
      const ttlMs = Math.floor(entry.expiresAtMs - clock.nowMs());
      const text = encodeEntry(key, entry);
      if (ttlMs <= 0 || text.length > largestEntryBytes) return;
      await use((redis) => redis.set(key, text, ttlMs).catch(ignoreOutOfMemory));
    },
    delete: remove,
    close: async () => {
      const redis = await opening.catch(() => undefined);
      await guard.run(async () => redis?.disconnect());
      redis?.destroy();
    },
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

async function openKeyv(url: string): Promise<TextStore> {
  const { Keyv } = await import('keyv');
  const { createClient, default: KeyvRedis } = await import('@keyv/redis');
  const client = createClient({
    url,
    // Commands fail at once while there is no connection; queued, they would all run when it is back, long out of date.
    disableOfflineQueue: true,
    commandsQueueMaxLength: queuedCommands,
    pingInterval: pingIntervalMs,
    socket: {
      connectTimeout: connectTimeoutMs,
      socketTimeout: socketTimeoutMs,
      reconnectStrategy: (retries) => Math.min(2 ** retries * 100, longestReconnectPauseMs),
    },
  });
  // Without a listener an error event would end the process; the guard already tells of the failures it causes.
  const ignore = () => undefined;
  client.on('error', ignore);
  const adapter = new KeyvRedis<string>(client, { throwOnErrors: true, throwOnConnectError: true });
  adapter.on('error', ignore);
  const keyv = new Keyv<string>({ store: adapter, useKeyPrefix: false, throwOnErrors: true });
  keyv.on('error', ignore);
  // Otherwise Keyv puts a namespace of its own before ours.
  keyv.namespace = undefined;
  // Not awaited: it goes on trying for as long as the server lives.
  client.connect().catch(ignore);
  return {
    isReady: () => client.isReady,
    get: async (key) => {
      // Raw, because Keyv takes any JSON that is not its own for a miss, and it is to be deleted.
      const found: unknown = await keyv.get(keyPrefix + key, { raw: true });
      return found === undefined ? undefined : (valueIn(found) ?? damaged);
    },
    set: (key, value, ttlMs) => keyv.set(keyPrefix + key, value, ttlMs),
    delete: (key) => keyv.delete(keyPrefix + key),
    disconnect: () => keyv.disconnect(),
    destroy: () => {
      if (client.isOpen) client.destroy();
    },
  };
}
