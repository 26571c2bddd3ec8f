const newline = 0x0a;

export interface LineReader {
  push(chunk: Buffer): void;
}

export interface LineReaderOptions {
  readonly maxLineBytes: number;
  readonly onLine: (line: Buffer) => void;
  /** Called once for a line that is too long, as soon as that is known; the rest of it is skipped. */
  readonly onTooLong: () => void;
}

/** Cuts a byte stream into lines. Holds at most one line, and joins its chunks once, so that a long line stays linear. */
export function createLineReader({ maxLineBytes, onLine, onTooLong }: LineReaderOptions): LineReader {
  let parts: Buffer[] = [];
  let size = 0;
  let skipping = false;

  function keep(part: Buffer): void {
    if (skipping) return;
    size += part.length;
    if (size <= maxLineBytes) {
      parts.push(part);
      return;
    }
    parts = [];
    skipping = true;
    onTooLong();
  }

  function endLine(): void {
    const line = skipping ? undefined : Buffer.concat(parts);
    parts = [];
    size = 0;
    skipping = false;
    if (line) onLine(line);
  }

  return {
    push: (chunk) => {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        keep(chunk.subarray(start, end));
        endLine();
        start = end + 1;
      }
      if (start < chunk.length) keep(chunk.subarray(start));
    },
  };
}
