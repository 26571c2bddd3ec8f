import { describe, expect, it } from '@jest/globals';
import { EventStreamCodec } from '@smithy/core/event-streams';
import fc from 'fast-check';
import { breakChecksum, encodeEvent, encodeException, encodeFrame } from '../../src/sandbox/event-stream.js';

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes),
  (text) => new TextEncoder().encode(text),
);

// The colon keeps `__proto__` out, which the SDK's decoder loses.
const headerName = fc.string({ maxLength: 40, unit: 'grapheme-ascii' }).map((name) => `:${name}`);
const headers = fc.dictionary(headerName, fc.string({ maxLength: 300, unit: 'grapheme' }), {
  maxKeys: 8,
  noNullPrototype: true,
});

describe('event stream frames', () => {
  it('are read by the SDK as they were written', () => {
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 5_000 }), (given, payload) => {
        const decoded = codec.decode(encodeFrame(given, payload));
        const values = Object.entries(decoded.headers).map(([name, { value }]) => [name, value]);
        expect(Object.fromEntries(values)).toEqual(given);
        expect(Buffer.from(decoded.body).equals(Buffer.from(payload))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('are the same bytes as the SDK writes', () => {
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 500 }), (given, body) => {
        const typed = Object.entries(given).map(([name, value]) => [name, { type: 'string' as const, value }]);
        const theirs = codec.encode({ headers: Object.fromEntries(typed), body });
        expect(encodeFrame(given, body).equals(Buffer.from(theirs))).toBe(true);
      }),
    );
  });

  it('name events and exceptions in their headers', () => {
    expect(codec.decode(encodeEvent('messageStop', { stopReason: 'end_turn' }))).toMatchObject({
      headers: { ':event-type': { value: 'messageStop' }, ':message-type': { value: 'event' } },
    });
    expect(codec.decode(encodeException('throttlingException', { message: 'x' }))).toMatchObject({
      headers: { ':exception-type': { value: 'throttlingException' }, ':message-type': { value: 'exception' } },
    });
  });

  it('are refused with a broken checksum', () => {
    const frame = encodeEvent('messageStart', { role: 'assistant' });
    expect(() => codec.decode(breakChecksum(frame))).toThrow(/checksum/i);
    expect(() => codec.decode(frame)).not.toThrow();
  });
});
