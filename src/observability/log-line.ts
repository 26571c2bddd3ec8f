/** One event of the log, already redacted. */
export interface LogEntry {
  readonly level: string;
  readonly message: string;
  readonly atMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LogFormat = 'json' | 'pretty';

/** Longer lines are cut by pipes and collectors in places that break them. */
export const maxLineCharacters = 16_384;

function jsonLine({ level, message, atMs, fields }: LogEntry): string {
  const head = { time: new Date(atMs).toISOString(), level, message };
  // The head comes first and last: its place in the line is that of the first, its values are those of the second.
  const line = JSON.stringify({ ...head, ...fields, ...head });
  if (line.length <= maxLineCharacters) return line;
  const kept = { ...head, message: message.slice(0, 1_000), request_id: fields['request_id'] };
  // Each kept character may become two by escaping a second time.
  return JSON.stringify({ ...kept, truncated_fields: line.slice(0, (maxLineCharacters - 4_000) / 2) });
}

function prettyLine({ level, message, atMs, fields }: LogEntry): string {
  const time = new Date(atMs).toISOString().slice(11, 23);
  const shown = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const line = `${time} ${level.toUpperCase().padEnd(5)} ${message}${shown.join('')}`;
  return line.length <= maxLineCharacters ? line : `${line.slice(0, maxLineCharacters - 1)}…`;
}

export function renderLine(entry: LogEntry, format: LogFormat): string {
  return format === 'json' ? jsonLine(entry) : prettyLine(entry);
}
