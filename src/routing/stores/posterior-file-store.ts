import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/ports.js';
import { isNothing, nothingLearned, plus } from '../posterior-change.js';
import type { PosteriorStore } from '../posterior-sharing.js';
import { cellsPerModel, type PosteriorSnapshot } from '../quality-posteriors.js';

export interface PosteriorFileOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const formVersion = 1;
const longestBytes = 5_000_000;
const lock = { tries: 60, everyMs: 50, staleMs: 10_000 };

const cells = z.array(z.number()).length(cellsPerModel);
const kept = z.object({
  version: z.literal(formVersion),
  bias: z.object({ count: z.number().min(0), sum: z.number() }),
  models: z.record(z.string(), z.object({ counts: cells, sums: cells })),
});

/** Keeps what was learned over restarts, for all processes that use one data directory. */
export function createPosteriorFileStore(options: PosteriorFileOptions): PosteriorStore {
  const { file, clock, logger } = options;
  return {
    merge: async (change) => {
      try {
        // The file is replaced as a whole, so a reader needs no lock.
        if (isNothing(change)) return await read(options);
        return await locked(`${file}.lock`, clock, async () => {
          const merged = plus(await read(options), change);
          await replaceFile(file, JSON.stringify({ version: formVersion, ...merged }));
          return merged;
        });
      } catch (error) {
        logger.warn('What was learned about models could not be kept.', { error });
        return undefined;
      }
    },
  };
}

/** A file that is not there or cannot be used means a start from the priors. */
async function read({ file, logger }: PosteriorFileOptions): Promise<PosteriorSnapshot> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.length > longestBytes) throw new Error('The file is too long.');
    const { bias, models } = kept.parse(JSON.parse(text));
    return { bias, models };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return nothingLearned;
    logger.warn('What was learned about models cannot be read; routing starts from the built-in opinions.', { error });
    return nothingLearned;
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

async function locked<Result>(path: string, clock: Clock, work: () => Promise<Result>): Promise<Result> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  for (let tries = 1; !(await created(path)); tries += 1) {
    if (tries >= lock.tries) throw new Error(`${path} is held by another process.`);
    // Left behind by a process that died; nobody writes for so long.
    const heldSinceMs = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (clock.nowMs() - heldSinceMs > lock.staleMs) await rm(path, { force: true });
    else await clock.sleep(lock.everyMs);
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function created(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Readers see the old file or the new one, never a part. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
}
