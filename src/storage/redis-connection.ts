import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.js';
import type { ServerEvent } from '../core/events.js';
import {
  firstConnectionMs,
  type OpenedRedis,
  openRedisClient,
  type RedisAddress,
  type RedisClient,
} from './redis-client.js';
import { createStoreGuard } from './store-guard.js';

export interface RedisConnectionOptions extends RedisAddress {
  readonly clock: Clock;
  readonly onServerEvent: (event: ServerEvent) => void;
  /** Bound of an operation that names none of its own. Default 100. */
  readonly timeoutMs?: number;
}

/** A Lua script with the SHA-1 by which Redis knows it. */
export interface RedisScript {
  readonly text: string;
  readonly sha1: string;
}

export const redisScript = (text: string): RedisScript => ({
  text,
  sha1: createHash('sha1').update(text).digest('hex'),
});

const probeKey = 'kairos-bedrock:probe';

/** What the stores and ledgers send; errors of Redis reject. */
export interface RedisCommands {
  /** One command, name first; all its keys have to share a hash tag, for the sake of Redis Cluster. */
  send(...command: readonly string[]): Promise<unknown>;
  /** Runs the script atomically; the first time in full, from then on by its hash. */
  evaluate(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** The client itself, for libraries that take one. */
  readonly client: RedisClient;
}

export interface RedisConnection {
  /** What an operation may take that names no other limit, milliseconds. */
  readonly timeoutMs: number;
  /**
   * The result of the work; undefined when it failed, took too long, or Redis is out of use: what it did then is not
   * known, so it has to be safe to repeat. Never rejects, never lasts longer than the time-out.
   */
  run<T>(work: (redis: RedisCommands) => Promise<T>, timeoutMs?: number): Promise<T | undefined>;
  /** False while Redis is out of use or not yet connected. */
  inUse(): boolean;
  /**
   * Hears a channel for as long as the connection lives, from a connection of its own; after a loss it subscribes
   * again by itself, and what was said meanwhile is missed.
   */
  subscribe(channel: string, onMessage: (message: string) => void): void;
  close(): Promise<void>;
}

/**
 * The one connection to Redis that caches, budgets, breakers and routing share. It connects in the background and may
 * be absent, slow or gone at any time: then `run` gives undefined at once, and only probes find out whether it is back.
 */
export function createRedisConnection(options: RedisConnectionOptions): RedisConnection {
  const { clock, onServerEvent, timeoutMs = 100 } = options;
  const opening = openRedisClient(options);
  const guard = createStoreGuard({
    store: 'redis',
    timeoutMs,
    clock,
    onServerEvent,
    // A read of a key, so that in a cluster it is a node with slots that has to answer.
    probe: async () => (await opening).send(probeKey, ['EXISTS', probeKey]),
  });
  const subscriptions = createSubscriptions(options);
  // While it connects for the first time it is merely not there yet; after that it is degraded.
  let expectedAtMs = Number.POSITIVE_INFINITY;
  let redis: OpenedRedis | undefined;
  opening.then(
    (opened) => {
      redis = opened;
      expectedAtMs = clock.monotonicMs() + firstConnectionMs;
    },
    // Whoever runs something sees the failure; without users it must not end the process.
    () => {
      expectedAtMs = clock.monotonicMs();
    },
  );
  const arrived = (): boolean => {
    if (redis?.isReady()) expectedAtMs = Number.NEGATIVE_INFINITY;
    return clock.monotonicMs() >= expectedAtMs;
  };

  return {
    timeoutMs,
    run: async (work, limitMs) => {
      if (!arrived()) return undefined;
      return guard.run(async () => work(redisCommands(await opening)), limitMs);
    },
    inUse: () => arrived() && guard.inUse(),
    subscribe: subscriptions.add,
    close: async () => {
      await subscriptions.close();
      const opened = await opening.catch(() => undefined);
      if (opened?.isReady()) await guard.run(() => opened.close());
      opened?.destroy();
    },
  };
}

function redisCommands({ client, send }: OpenedRedis): RedisCommands {
  return {
    client,
    send: (...command) => send(command[1], command),
    evaluate: async ({ text, sha1 }, keys, args) => {
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await send(keys[0], ['EVALSHA', sha1, ...rest]);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return send(keys[0], ['EVAL', text, ...rest]);
      }
    },
  };
}

interface Subscriptions {
  add(channel: string, onMessage: (message: string) => void): void;
  close(): Promise<void>;
}

/** Opened with the first subscription; the client subscribes again by itself after each reconnection. */
function createSubscriptions(address: RedisAddress): Subscriptions {
  let opening: Promise<OpenedRedis> | undefined;
  return {
    add: (channel, onMessage) => {
      opening ??= openRedisClient(address);
      opening.then((client) => client.subscribe(channel, onMessage)).catch(() => undefined);
    },
    close: async () => {
      const client = await opening?.catch(() => undefined);
      client?.destroy();
    },
  };
}
