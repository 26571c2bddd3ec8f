const newline = 0x0a;
/** Enough for the id of a message, which clients write last. */
const tailBytes = 256;

export interface LineReader {
  push(chunk: Buffer): void;
}

export interface LineReaderOptions {
  readonly maxLineBytes: number;
  readonly onLine: (line: Buffer) => void;
  /** Called at the end of a line that was too long, with its last bytes; the rest of it was thrown away as it came. */
  readonly onTooLong: (tail: Buffer) => void;
}

/** Cuts a byte stream into lines. Holds at most one line, and joins its chunks once, so that a long line stays linear. */
export function createLineReader({ maxLineBytes, onLine, onTooLong }: LineReaderOptions): LineReader {
  let parts: Buffer[] = [];
  let size = 0;
  let tooLong = false;

  function keep(part: Buffer): void {
    size += part.length;
    parts.push(part);
    if (!tooLong && size <= maxLineBytes) return;
    tooLong = true;
    const ends = parts.slice(-2).map((end) => end.subarray(-tailBytes));
    // A copy: a slice would hold on to the whole.
    parts = [Buffer.from(Buffer.concat(ends).subarray(-tailBytes))];
  }

  function endLine(): void {
    const line = Buffer.concat(parts);
    const deliver = tooLong ? onTooLong : onLine;
    parts = [];
    size = 0;
    tooLong = false;
    deliver(line);
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
