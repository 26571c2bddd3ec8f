import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../core/clock.js';

export interface CredentialWatchOptions {
  readonly clock: Clock;
  readonly files: readonly string[];
  /** Called when any of the files has another content, or came, or went. */
  readonly onChange: () => void;
}

export interface CredentialWatcher {
  close(): void;
}

/** Editors and rotation jobs touch a file several times in a row. */
const debounceMs = 100;
const pollMs = 5_000;
/** Where the system can watch nothing (some network file systems), looking has to be enough. */
const blindPollMs = 1_000;

/**
 * Follows files through renames and swapped symbolic links: directories are watched, not the files, and each event as
 * well as a slow poll only leads to a look at what the files are now.
 */
export function watchCredentialFiles({ clock, files, onChange }: CredentialWatchOptions): CredentialWatcher {
  const stopped = new AbortController();
  const { signal } = stopped;
  const watched = new Map<string, FSWatcher>();
  let known = fingerprint(files);
  let isLooking = false;

  const look = () => {
    follow(files, watched, soon);
    const now = fingerprint(files);
    if (now === known) return;
    known = now;
    onChange();
  };
  function soon(): void {
    if (isLooking || signal.aborted) return;
    isLooking = true;
    clock.sleep(debounceMs, signal).then(
      () => {
        isLooking = false;
        look();
      },
      () => undefined,
    );
  }
  const poll = async () => {
    while (!signal.aborted) {
      await clock.sleep(watched.size > 0 ? pollMs : blindPollMs, signal);
      look();
    }
  };

  follow(files, watched, soon);
  poll().catch(() => undefined);
  return {
    close: () => {
      stopped.abort();
      for (const watcher of watched.values()) watcher.close();
      watched.clear();
    },
  };
}

/** What tells one content of the files from another; links are followed. */
function fingerprint(files: readonly string[]): string {
  return files.map(identity).join('\n');
}

function identity(path: string): string {
  try {
    const { dev, ino, mtimeNs, size } = statSync(path, { bigint: true });
    return `${dev}:${ino}:${mtimeNs}:${size}`;
  } catch {
    return 'absent';
  }
}

/** Watches the directories in which the files, and what they link to, are now; keyed so that a new directory counts. */
function follow(files: readonly string[], watched: Map<string, FSWatcher>, onEvent: () => void): void {
  const wanted = new Map(files.flatMap(directoriesOf).map((path) => [`${path} ${inode(path)}`, path]));
  for (const [key, watcher] of watched) {
    if (wanted.has(key)) continue;
    watcher.close();
    watched.delete(key);
  }
  for (const [key, path] of wanted) {
    if (watched.has(key)) continue;
    const watcher = open(path, onEvent);
    watcher?.once('error', () => {
      watcher.close();
      watched.delete(key);
    });
    if (watcher) watched.set(key, watcher);
  }
}

function inode(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

function directoriesOf(path: string): readonly string[] {
  try {
    return [dirname(path), dirname(realpathSync(path))];
  } catch {
    return [dirname(path)];
  }
}

function open(path: string, onEvent: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, onEvent);
  } catch {
    // The directory is not there yet, or cannot be watched: the poll has to do.
    return undefined;
  }
}
