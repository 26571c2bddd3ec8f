import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { createLazyLogger } from '../../src/observability/lazy-logger.js';
import { maxLineCharacters } from '../../src/observability/log-line.js';
import { createLogger, type LoggerOptions } from '../../src/observability/logger.js';
import { createRedactor } from '../../src/security/redactor.js';
import { fakeClock } from '../support/fake-clock.js';

function logTo(options: Partial<LoggerOptions> = {}) {
  const stream = new PassThrough();
  const logger = createLogger({
    level: 'info',
    format: 'json',
    redact: createRedactor(['hunter2']),
    stream,
    clock: fakeClock(),
    ...options,
  });
  const text = () => String(stream.read() ?? '');
  const events = (): Record<string, unknown>[] =>
    text()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { logger, text, events };
}

describe('logger', () => {
  it('writes one JSON object a line', () => {
    const { logger, events } = logTo();
    logger.info('hello', { request_id: 'r1', count: 2, level: 'forged' });
    logger.warn('again');
    expect(events()).toEqual([
      { time: '2026-11-23T00:00:00.000Z', level: 'info', message: 'hello', request_id: 'r1', count: 2 },
      { time: '2026-11-23T00:00:00.000Z', level: 'warn', message: 'again' },
    ]);
  });

  it.each([
    ['error', 1],
    ['warn', 2],
    ['info', 3],
    ['debug', 4],
  ] as const)('level %s writes %d of the four', (level, lines) => {
    const { logger, events } = logTo({ level });
    logger.error('e');
    logger.warn('w');
    logger.info('i');
    logger.debug('d');
    expect(events()).toHaveLength(lines);
  });

  it.each(['json', 'pretty'] as const)('keeps one event on one line and secrets out (%s)', (format) => {
    const { logger, text } = logTo({ format });
    logger.info('a\n{"level":"error"}\u001b[31m\u2028', { note: 'b\nc', authorization: 'Bearer 123', pass: 'hunter2' });
    const written = text();
    expect(written.indexOf('\n')).toBe(written.length - 1);
    for (const part of ['\u001b', '\u2028', 'Bearer 123', 'hunter2']) expect(written).not.toContain(part);
  });

  it('flattens errors with their causes, without what hangs on them', () => {
    const foreign = Object.assign(new TypeError('said Bearer abcdefgh1234'), { code: 'E1', config: { headers: 'h' } });
    const error = new ServiceError('network', 'gone', { reason: 'overloaded', cause: foreign });
    const { logger, events } = logTo();
    logger.error('failed', { error });
    expect(events()[0]?.['error']).toEqual({
      name: 'ServiceError',
      message: 'gone',
      category: 'network',
      reason: 'overloaded',
      causes: [{ name: 'TypeError', message: 'said Bearer [redacted]', code: 'E1' }],
    });
  });

  it('adds the stack at debug, and survives strange throws', () => {
    const { logger, events } = logTo({ level: 'debug' });
    const cyclic = new Error('cycle');
    cyclic.cause = cyclic;
    const hostile = new Error('x');
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('no');
      },
    });
    logger.error('a', { error: cyclic });
    logger.error('b', { error: new Error('outer', { cause: 'just text' }) });
    logger.error('c', { error: hostile });
    logger.error('d', { error: new Error('outer', { cause: 5 }) });
    const [first, second, third, fourth] = events().map((event) => event['error']);
    expect(first).toMatchObject({ message: 'cycle', stack: expect.stringContaining('logger.test') });
    expect(second).toMatchObject({ causes: [{ message: 'just text' }] });
    expect(third).toMatchObject({ message: '[unreadable]' });
    expect(fourth).toMatchObject({ causes: [{ message: 'thrown number' }] });
  });

  it.each(['json', 'pretty'] as const)('bounds a line (%s)', (format) => {
    const { logger, text } = logTo({ format });
    logger.info('long', { request_id: 'r1', list: Array.from({ length: 50 }, () => '"'.repeat(2_000)) });
    const written = text();
    expect(written.length).toBeLessThanOrEqual(maxLineCharacters + 1);
    expect(written).toContain('r1');
    if (format === 'json') expect(JSON.parse(written)).toMatchObject({ message: 'long', request_id: 'r1' });
  });

  it('is readable in pretty format', () => {
    const { logger, text } = logTo({ format: 'pretty' });
    logger.info('hello', { a: 1, b: 'x y', c: undefined });
    expect(text()).toBe('00:00:00.000 INFO  hello a=1 b=x y\n');
  });

  it('drops and counts lines while nobody reads, then says so', async () => {
    let open = false;
    const held: (() => void)[] = [];
    const lines: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        lines.push(chunk);
        if (open) done();
        else held.push(done);
      },
    });
    const { logger } = logTo({ stream });
    const fields = { pad: Array.from({ length: 2 }, () => 'x'.repeat(7_000)) };
    for (let line = 0; line < 400; line += 1) logger.info('full', fields);
    expect(stream.writableLength).toBeLessThan(4_100_000);
    open = true;
    for (const done of held.splice(0)) done();
    await new Promise((resolve) => setImmediate(resolve));
    logger.info('back');
    await new Promise((resolve) => setImmediate(resolve));
    expect(lines.at(-1)).toMatch(/"message":"back","dropped_lines":\d+/);
  });

  it('does not throw when its stream breaks', () => {
    const stream = new PassThrough();
    const { logger } = logTo({ stream });
    stream.destroy(new Error('gone'));
    expect(() => logger.error('x')).not.toThrow();
  });
});

describe('lazy logger', () => {
  it('keeps early lines in order until the real one is there', async () => {
    const { logger: target, events } = logTo();
    const logger = createLazyLogger(
      () => Promise.resolve(target),
      () => undefined,
    );
    logger.info('one');
    logger.warn('two', { a: 1 });
    await Promise.resolve();
    await Promise.resolve();
    logger.error('three');
    logger.debug('four');
    expect(events().map((event) => event['message'])).toEqual(['one', 'two', 'three']);
  });

  it('hands early lines on when loading fails', async () => {
    const told: string[] = [];
    const logger = createLazyLogger(
      () => Promise.reject(new Error('no')),
      (line) => told.push(line),
    );
    logger.info('one');
    await Promise.resolve();
    await Promise.resolve();
    expect(told).toEqual(['The log could not be started.', 'info: one']);
  });
});
