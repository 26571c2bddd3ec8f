import { chmod, copyFile, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Merged } from './merge.js';

/** A client's settings are small; a file of another kind is not read into memory. */
const largestFileBytes = 5_000_000;
const ownerOnly = 0o600;

export type WriteOutcome =
  | { readonly state: 'unchanged'; readonly file: string }
  | { readonly state: 'written'; readonly file: string /** Copy of what was there before. */; readonly backup?: string }
  | { readonly state: 'refused'; readonly file: string; readonly problem: string };

/**
 * Changes a client's file, keeping a copy of the old one beside it. The new one replaces it as a whole, so that a
 * client never reads half of it; a file that cannot be understood is left alone.
 */
export async function writeConfiguration(
  path: string,
  merge: (text: string) => Merged,
  now: Date,
): Promise<WriteOutcome> {
  // A link, as dotfile managers make them, goes on pointing at the file.
  const file = await realpath(path).catch(() => path);
  const existing = await existingFile(file);
  if (existing && existing.size > largestFileBytes)
    return { state: 'refused', file, problem: 'it is larger than 5 MB' };
  const text = existing ? await readFile(file, 'utf8') : '';
  const merged = merge(text);
  if ('problem' in merged) return { state: 'refused', file, problem: merged.problem };
  if (existing && merged.text === text) return { state: 'unchanged', file };
  await mkdir(dirname(file), { recursive: true });
  const backup = existing && `${file}.backup-${stamp(now)}`;
  if (backup) await copyFile(file, backup);
  const next = `${file}.new-${process.pid}`;
  await writeFile(next, merged.text, { mode: ownerOnly });
  if (existing) await chmod(next, existing.mode & 0o777);
  await rename(next, file);
  return { state: 'written', file, ...(backup && { backup }) };
}

async function existingFile(file: string): Promise<{ size: number; mode: number } | undefined> {
  return await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Such as 20261125-103045. */
const stamp = (now: Date): string => now.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
