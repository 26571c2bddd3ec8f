import type { RedisClientType } from '@keyv/redis';

const connectTimeoutMs = 2_000;
/** An idle connection is pinged more often than the socket time-out, so that only a dead one reaches it. */
const pingIntervalMs = 1_000;
const socketTimeoutMs = 3_000;
const longestReconnectPauseMs = 2_000;
const queuedCommands = 1_000;

/** A client that connects in the background and goes on trying for as long as it lives; its errors end nothing. */
export async function openRedisClient(url: string): Promise<RedisClientType> {
  // Loaded late: a server without Redis, and the greeting of a client, do without it.
  const { createClient } = await import('@keyv/redis');
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
  }) as RedisClientType;
  // Without a listener an error event would end the process; whoever uses the client sees the failures it causes.
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  return client;
}

/** How long a new client may take to connect before its absence counts as a failure, milliseconds. */
export const firstConnectionMs = connectTimeoutMs;
