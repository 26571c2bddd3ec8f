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
  const { level, format, redact, stream = process.stderr, clock = systemClock } = options;
  const sink = createSink(stream);
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
    sink(eventLevel, renderLine({ ...entry, level: eventLevel, atMs: clock.nowMs() }, format));
  }

  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** Where winston's transports look for the finished line (the `MESSAGE` of triple-beam). */
const finishedLine = Symbol.for('message');

/**
 * winston only carries the finished line, and only its transport does: its formats let control characters, secrets and
 * throwing getters by, and each of its two streams before the transport costs more than to make the line.
 */
function createSink(stream: Writable): (level: LogLevel, line: string) => void {
  // A reader that went away must not take the server with it.
  stream.on('error', () => undefined);
  const transport = new winston.transports.Stream({ stream, eol: '\n' });
  const written = () => undefined;
  return (level, line) => {
    transport.log?.({ level, message: '', [finishedLine]: line }, written);
  };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function plainFields(
  fields: Record<string, unknown>,
  redact: (value: unknown) => unknown,
  withStack: boolean,
): Record<string, unknown> {
  let flat = fields;
  for (const [key, value] of Object.entries(fields)) {
    if (isError(value)) flat = { ...flat, [key]: flattenError(value, withStack) };
  }
  const plain = redact(flat);
  return typeof plain === 'object' && plain !== null ? (plain as Record<string, unknown>) : {};
}
