import { createHash, timingSafeEqual } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../core/clock.js';
import type { Caller } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import { type ApiKey, readApiKeyFile } from './api-key-file.js';

/** Tells a key from a token of an identity provider, and lets scanners find one that leaked. */
export const apiKeyPrefix = 'kbm_';

/** A change of the file counts after so long at the latest. */
const lookEveryMs = 1_000;

export interface ApiKeys {
  /** Whose key it is; undefined for one that is unknown or has expired. */
  find(key: string): Promise<Caller | undefined>;
}

export interface ApiKeysOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface KnownKey {
  readonly digest: Buffer;
  readonly expiresAtMs: number;
  readonly caller: Caller;
}

export const digestOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Without a tenant of its own a key shares nothing with others. */
function callerOf(key: ApiKey): Caller {
  const id = `key:${key.name}`;
  const { daily_usd: dailyUsd, monthly_usd: monthlyUsd } = key;
  const budget = { ...(dailyUsd !== undefined && { dailyUsd }), ...(monthlyUsd !== undefined && { monthlyUsd }) };
  return {
    id,
    tenant: key.tenant ?? id,
    scopes: key.scopes,
    ...(key.groups && { groups: key.groups }),
    ...(key.allowed_models && { allowedModels: key.allowed_models }),
    ...(Object.keys(budget).length > 0 && { budget }),
  };
}

async function load(file: string): Promise<readonly KnownKey[]> {
  const keys = await readApiKeyFile(file);
  return keys.map((key) => ({
    digest: Buffer.from(key.sha256, 'hex'),
    expiresAtMs: key.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(key.expires_at),
    caller: callerOf(key),
  }));
}

/** Changes whenever the file is written or replaced; the same for one that is missing. */
async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.ino} ${found.size} ${found.mtimeMs}` : 'missing';
}

/**
 * The keys of a file, read again when it changes. A change that cannot be read is reported, and the keys before it stay.
 * @throws ServiceError validation when the file cannot be used at the start.
 */
export async function openApiKeys({ file, clock, logger }: ApiKeysOptions): Promise<ApiKeys> {
  let stamp = await stampOf(file);
  let keys = await load(file);
  let lookedAtMs = clock.monotonicMs();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const now = await stampOf(file);
    if (now === stamp) return;
    stamp = now;
    try {
      keys = await load(file);
      logger.info('The API keys were read again.', { keys: keys.length });
    } catch (error) {
      logger.error('The changed file of API keys was refused; the keys before it stay in force.', { error });
    }
  }

  async function refresh(): Promise<void> {
    if (!looking && clock.monotonicMs() - lookedAtMs >= lookEveryMs) {
      lookedAtMs = clock.monotonicMs();
      looking = look().finally(() => {
        looking = undefined;
      });
    }
    await looking;
  }

  return {
    find: async (key) => {
      await refresh();
      const digest = digestOf(key);
      // All of them, so that the time does not tell which one it is.
      const known = keys.filter((candidate) => timingSafeEqual(candidate.digest, digest))[0];
      return known && known.expiresAtMs > clock.nowMs() ? known.caller : undefined;
    },
  };
}
