import type { Writable } from 'node:stream';

export interface LineWriter {
  /** The line ends with its newline; `done` when it is written, or never will be. */
  write(line: string, done: () => void): void;
  /** Hands on now what waits. */
  flush(): void;
}

/** Hands on together what was written in one turn of the event loop: a write costs the system more than its bytes do. */
export function createLineWriter(output: Writable): LineWriter {
  let lines: string[] = [];
  let waiting: (() => void)[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    const done = waiting;
    const text = lines.join('');
    lines = [];
    waiting = [];
    const tell = () => {
      for (const one of done) one();
    };
    if (output.destroyed) tell();
    else output.write(text, tell);
  };
  return {
    flush,
    write: (line, done) => {
      lines.push(line);
      waiting.push(done);
      if (lines.length === 1) setImmediate(flush);
    },
  };
}
