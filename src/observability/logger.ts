import type { Writable } from 'node:stream';
import winston from 'winston';
import { type Clock, systemClock } from '../core/clock.js';
import type { Logger } from '../core/ports.js';
import { flattenError, isError } from './flatten-error.js';
import { type LogFormat, renderLine } from './log-line.js';

const logLevels = ['error', 'warn', 'info', 'debug'] as const;
type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Makes any value plain, bounded and free of secrets and control characters. */
  readonly redact: (value: unknown) => unknown;
  /** Default: stderr, because stdout belongs to the protocol. */
  readonly stream?: Writable;
  readonly clock?: Clock;
}

/** Lines that a reader who stopped reading may leave waiting, before new ones are dropped. */
const maxWaitingBytes = 4_000_000;

/** One line an event on stderr. Writing never throws and never waits; what cannot be written is counted. */
export function createLogger(options: LoggerOptions): Logger {
  const { level, redact, stream = process.stderr, clock = systemClock } = options;
  const sink = createSink(options, stream);
  let dropped = 0;

  function write(eventLevel: LogLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (logLevels.indexOf(eventLevel) > logLevels.indexOf(level)) return;
    if (stream.writableLength > maxWaitingBytes || stream.destroyed) {
      dropped += 1;
      return;
    }
    const all = dropped > 0 ? { ...fields, dropped_lines: dropped } : fields;
    dropped = 0;
    const entry = { message: asText(redact(message)), fields: plainFields(all, redact, level === 'debug') };
    sink.log({ level: eventLevel, message: '', entry: { ...entry, level: eventLevel, atMs: clock.nowMs() } });
  }

  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** winston only carries the finished line: its own formats let control characters, secrets and throwing getters by. */
function createSink({ level, format }: LoggerOptions, stream: Writable): winston.Logger {
  // A reader that went away must not take the server with it.
  stream.on('error', () => undefined);
  const line = winston.format.printf(({ entry }) => renderLine(entry as Parameters<typeof renderLine>[0], format));
  return winston.createLogger({
    level,
    format: line,
    exitOnError: false,
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function plainFields(
  fields: Record<string, unknown>,
  redact: (value: unknown) => unknown,
  withStack: boolean,
): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [
    key,
    isError(value) ? flattenError(value, withStack) : value,
  ]);
  const plain = redact(Object.fromEntries(entries));
  return typeof plain === 'object' && plain !== null ? { ...plain } : {};
}
