import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { ServiceError } from '../../core/errors.js';
import { type ApiKey, readApiKeyFile, toFileText } from './api-key-file.js';
import { apiKeyPrefix, digestOf } from './api-keys.js';

const keyBytes = 32;
const ownerOnly = 0o600;
/** For other commands to finish with the file; each of them takes some milliseconds. */
const lockWaitMs = 5_000;
const lockPauseMs = 20;

export type NewApiKey = Omit<ApiKey, 'sha256' | 'created_at'>;

export interface KeyAdministration {
  /** Makes a key and gives it away, once: only its hash is kept. */
  add(key: NewApiKey): Promise<string>;
  list(): Promise<readonly ApiKey[]>;
  revoke(name: string): Promise<void>;
}

/** Nobody reads half a file, and a crash leaves the old one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const next = `${file}.new-${process.pid}`;
  const handle = await open(next, 'w', ownerOnly);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}

function lockError(file: string, lock: string, cause: NodeJS.ErrnoException): ServiceError {
  const isTaken = cause.code === 'EEXIST';
  const message = isTaken ? 'Another command is changing the API keys.' : `The file ${file} cannot be changed.`;
  const remedy = isTaken ? `Try again; if none is running, delete ${lock}.` : 'Check the rights of its directory.';
  return new ServiceError('validation', message, { remedy, cause });
}

async function takeLock(file: string, lock: string, clock: Clock): Promise<FileHandle> {
  const untilMs = clock.monotonicMs() + lockWaitMs;
  for (;;) {
    try {
      return await open(lock, 'wx', ownerOnly);
    } catch (thrown) {
      const cause = thrown as NodeJS.ErrnoException;
      if (cause.code !== 'EEXIST' || clock.monotonicMs() >= untilMs) throw lockError(file, lock, cause);
      await clock.sleep(lockPauseMs);
    }
  }
}

/** Two commands at once would each write what they read, and one key would be lost. */
async function alone<Result>(file: string, clock: Clock, work: () => Promise<Result>): Promise<Result> {
  const lock = `${file}.lock`;
  await mkdir(dirname(file), { recursive: true });
  const handle = await takeLock(file, lock, clock);
  try {
    return await work();
  } finally {
    await handle.close();
    await rm(lock, { force: true });
  }
}

const isMissing = (thrown: unknown): boolean =>
  thrown instanceof ServiceError && (thrown.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';

/** Changes the file that a running server reads. */
export function createKeyAdministration({ file, clock }: { file: string; clock: Clock }): KeyAdministration {
  const existing = () =>
    readApiKeyFile(file).catch((thrown: unknown) => {
      if (isMissing(thrown)) return [];
      throw thrown;
    });
  return {
    list: existing,
    add: (key) =>
      alone(file, clock, async () => {
        const keys = await existing();
        if (keys.some(({ name }) => name === key.name)) {
          throw new ServiceError('validation', `There is a key named ${key.name} already.`, {
            remedy: 'Choose another name, or revoke that key first.',
          });
        }
        const secret = `${apiKeyPrefix}${randomBytes(keyBytes).toString('base64url')}`;
        const created_at = new Date(clock.nowMs()).toISOString();
        const added: ApiKey = { ...key, sha256: digestOf(secret).toString('hex'), created_at };
        await replaceFile(file, toFileText(file, [...keys, added]));
        return secret;
      }),
    revoke: (name) =>
      alone(file, clock, async () => {
        const keys = await existing();
        const left = keys.filter((key) => key.name !== name);
        if (left.length === keys.length) {
          throw new ServiceError('validation', `There is no key named ${JSON.stringify(name)}.`, {
            remedy: 'See `kairos-bedrock-mcp keys list`.',
          });
        }
        await replaceFile(file, toFileText(file, left));
      }),
  };
}
