import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/ports.js';
import { cellsPerModel, type PosteriorSnapshot, type QualityPosteriors } from './quality-posteriors.js';

export interface PosteriorFileOptions {
  readonly file: string;
  readonly posteriors: QualityPosteriors;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps what was learned over restarts. */
export interface PosteriorFile {
  /** Writes soon, once for all that is learned until then. */
  changed(): void;
  /** Writes what is not yet written. Never rejects. */
  close(): Promise<void>;
}

const formVersion = 1;
const writeDelayMs = 5_000;
const longestBytes = 5_000_000;

const cells = z.array(z.number()).length(cellsPerModel);
const kept = z.object({
  version: z.literal(formVersion),
  bias: z.object({ count: z.number().min(0), sum: z.number() }),
  models: z.record(z.string(), z.object({ counts: cells, sums: cells })),
});

/** Reads what the file holds; one that is not there or cannot be used means a start from the priors. Never rejects. */
export async function openPosteriorFile(options: PosteriorFileOptions): Promise<PosteriorFile> {
  const { file, posteriors, clock, logger } = options;
  await load(options);
  const closing = new AbortController();
  let dirty = false;
  let waiting = false;
  let writing = Promise.resolve();

  const write = () => {
    dirty = false;
    writing = writing
      .then(() => replaceFile(file, JSON.stringify({ version: formVersion, ...posteriors.snapshot() })))
      .catch((error: unknown) => logger.warn('What was learned about models could not be kept.', { error }));
    return writing;
  };
  const writeLater = async () => {
    waiting = true;
    await clock.sleep(writeDelayMs, closing.signal).catch(() => undefined);
    waiting = false;
    if (dirty && !closing.signal.aborted) await write();
  };

  return {
    changed: () => {
      dirty = true;
      if (!waiting && !closing.signal.aborted) void writeLater();
    },
    close: async () => {
      closing.abort();
      await (dirty ? write() : writing);
    },
  };
}

async function load({ file, posteriors, logger }: PosteriorFileOptions): Promise<void> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.length > longestBytes) throw new Error('The file is too long.');
    const snapshot: PosteriorSnapshot = kept.parse(JSON.parse(text));
    posteriors.restore(snapshot);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return;
    logger.warn('What was learned about models cannot be read; routing starts from the built-in opinions.', { error });
  }
}

/** Readers see the old file or the new one, never a part. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
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
