import type { RedisClientType, RedisClusterType } from '@keyv/redis';

const connectTimeoutMs = 2_000;
/** An idle connection is pinged more often than the socket time-out, so that only a dead one reaches it. */
const pingIntervalMs = 1_000;
const socketTimeoutMs = 3_000;
const longestReconnectPauseMs = 2_000;
const queuedCommands = 1_000;

/** One connection to one Redis, or one to each node of a cluster. */
export type RedisClient = RedisClientType | RedisClusterType;

export interface RedisAddress {
  readonly url: string;
  /** The URL names one node of a cluster; the others are found through it. Default false. */
  readonly cluster?: boolean | undefined;
}

/** What both kinds of client do, as this program uses them. */
export interface OpenedRedis {
  readonly client: RedisClient;
  isReady(): boolean;
  /** The key decides which node of a cluster is asked. */
  send(key: string | undefined, command: readonly string[]): Promise<unknown>;
  /** Resolves when the server has confirmed it; after a reconnection the client subscribes again by itself. */
  subscribe(channel: string, onMessage: (message: string) => void): Promise<void>;
  /** Closes the sockets without waiting for anybody. */
  destroy(): void;
  /** Lets commands under way end first. */
  close(): Promise<void>;
}

const options = {
  // Commands fail at once while there is no connection; queued, they would all run when it is back, long out of date.
  disableOfflineQueue: true,
  commandsQueueMaxLength: queuedCommands,
  pingInterval: pingIntervalMs,
  socket: {
    connectTimeout: connectTimeoutMs,
    socketTimeout: socketTimeoutMs,
    reconnectStrategy: (retries: number) => Math.min(2 ** retries * 100, longestReconnectPauseMs),
  },
};

/** A client that connects in the background and goes on trying for as long as it lives; its errors end nothing. */
export async function openRedisClient({ url, cluster = false }: RedisAddress): Promise<OpenedRedis> {
  return cluster ? openCluster(url) : openSingle(url);
}

async function openSingle(url: string): Promise<OpenedRedis> {
  // Loaded late: a server without Redis, and the greeting of a client, do without it.
  const { createClient } = await import('@keyv/redis');
  const client = createClient({ url, ...options }) as RedisClientType;
  // Without a listener an error event would end the process; whoever uses the client sees the failures it causes.
  client.on('error', () => undefined);
  client.connect().catch(() => undefined);
  return {
    client,
    isReady: () => client.isReady,
    send: (_, command) => client.sendCommand([...command]),
    subscribe: async (channel, onMessage) => {
      if (!client.isReady) await new Promise<void>((resolve) => client.once('ready', () => resolve()));
      await client.subscribe(channel, onMessage);
    },
    close: () => client.close(),
    destroy: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

async function openCluster(url: string): Promise<OpenedRedis> {
  const { createCluster } = await import('@keyv/redis');
  const { username, password, protocol } = new URL(url);
  const access = {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  };
  const socket = { ...options.socket, ...(protocol === 'rediss:' && { tls: true as const }) };
  const client = createCluster({
    rootNodes: [{ url }],
    defaults: { ...options, ...access, socket },
  }) as unknown as RedisClusterType;
  client.on('error', () => undefined);
  let connected = false;
  let ended = false;
  const connecting = (async () => {
    // Unlike a single client a cluster gives up when no node answers at the start.
    for (let retries = 0; !ended; retries += 1) {
      connected = await client.connect().then(
        () => true,
        () => false,
      );
      // A node that has just started may not know of any slots yet, and the client would never ask it again.
      if (connected && client.masters.length === 0) {
        connected = false;
        client.destroy();
      }
      if (connected) return;
      await new Promise((resolve) => setTimeout(resolve, options.socket.reconnectStrategy(retries)).unref());
    }
  })();
  return {
    client,
    isReady: () => connected,
    send: (key, command) => client.sendCommand(key, false, [...command]),
    subscribe: async (channel, onMessage) => {
      await connecting;
      if (!ended) await client.subscribe(channel, onMessage);
    },
    close: async () => {
      ended = true;
      await client.close();
    },
    destroy: () => {
      ended = true;
      if (client.isOpen) client.destroy();
    },
  };
}

/** How long a new client may take to connect before its absence counts as a failure, milliseconds. */
export const firstConnectionMs = connectTimeoutMs;
