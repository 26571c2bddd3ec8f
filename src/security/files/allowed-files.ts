import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { ServiceError } from '../../core/errors.js';

/* Files that callers name are read from the directories that the operator allows, and from nowhere else. */

export interface AllowedFilesOptions {
  /** Absolute directories. */
  readonly roots: readonly string[];
  /** Of one file. */
  readonly maxBytes: number;
}

export interface AllowedFiles {
  /** `where` names the place in the request; messages never hold a path. @throws ServiceError validation. */
  read(path: string, where: string): Promise<Buffer>;
}

const rootsRemedy =
  'Give a file in a directory that the operator lists in BEDROCK_ATTACHMENT_ROOTS, or its content as base64.';

export function createAllowedFiles({ roots, maxBytes }: AllowedFilesOptions): AllowedFiles {
  return {
    read: async (path, where) => {
      if (roots.length === 0) throw notAllowed(where, 'This server reads no files');
      if (path.includes('\0')) throw notAllowed(where, 'The path holds a NUL character');
      if (path.split(/[/\\]/).includes('..')) throw notAllowed(where, 'The path holds `..`');
      const real = await realPathOf(path, roots, where);
      const handle = await openFile(real, where);
      try {
        const facts = await handle.stat();
        await sameFile(real, facts, roots, where);
        if (!facts.isFile()) throw unreadable(where, 'is no file');
        if (facts.size === 0) throw unreadable(where, 'is empty');
        if (facts.size > maxBytes) throw tooLarge(where, maxBytes);
        return await readUpTo(handle, maxBytes, where);
      } finally {
        await handle.close();
      }
    },
  };
}

/** The path without links, which has to lie in a root that is itself taken without links. */
async function realPathOf(path: string, roots: readonly string[], where: string): Promise<string> {
  const candidates = isAbsolute(path) ? [path] : roots.map((root) => resolve(root, path));
  for (const candidate of candidates) {
    const real = await realpath(candidate).catch(() => undefined);
    if (real === undefined) continue;
    if (await liesInRoot(real, roots)) return real;
    throw notAllowed(where, 'The file lies outside of the allowed directories');
  }
  // What lies outside is not told apart from what is not there.
  if (isAbsolute(path) && !roots.some((root) => contains(resolve(root), resolve(path)))) {
    throw notAllowed(where, 'The file lies outside of the allowed directories');
  }
  throw unreadable(where, 'does not exist');
}

async function liesInRoot(real: string, roots: readonly string[]): Promise<boolean> {
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => undefined)));
  return realRoots.some((root) => root !== undefined && contains(root, real));
}

function contains(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Without following a link that was put there in the meantime, and without waiting for the other end of a pipe. */
async function openFile(real: string, where: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    throw unreadable(where, 'cannot be opened', cause);
  }
}

/** A directory on the way may have become a link between the look and the opening: what is open must still lie there. */
async function sameFile(real: string, { dev, ino }: Stats, roots: readonly string[], where: string): Promise<void> {
  const now = await realpath(real).catch(() => undefined);
  const facts = now === real ? await stat(real).catch(() => undefined) : undefined;
  if (facts?.dev === dev && facts.ino === ino && (await liesInRoot(real, roots))) return;
  throw notAllowed(where, 'The file changed its place while it was opened');
}

/** A file may grow while it is read. */
async function readUpTo(handle: FileHandle, maxBytes: number, where: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of handle.createReadStream({ autoClose: false, end: maxBytes })) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  if (bytes > maxBytes) throw tooLarge(where, maxBytes);
  return Buffer.concat(chunks);
}

function notAllowed(where: string, why: string): ServiceError {
  return new ServiceError(
    'validation',
    `\`${where}.path\` is not allowed: ${why.charAt(0).toLowerCase()}${why.slice(1)}.`,
    {
      reason: 'file_not_allowed',
      remedy: rootsRemedy,
    },
  );
}

function unreadable(where: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError('validation', `The file of \`${where}.path\` ${why}.`, {
    reason: 'file_unreadable',
    remedy: 'Check the path, and that the server may read the file.',
    cause,
  });
}

function tooLarge(where: string, maxBytes: number): ServiceError {
  return new ServiceError('validation', `The file of \`${where}.path\` is larger than ${maxBytes} bytes.`, {
    reason: 'file_too_large',
    remedy: 'Give a smaller file; the operator may raise BEDROCK_ATTACHMENT_MAX_BYTES.',
  });
}
