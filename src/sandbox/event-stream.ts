import { crc32 } from 'node:zlib';

/*
 * The frame of `application/vnd.amazon.eventstream`:
 * total length (4) | headers length (4) | CRC32 of these 8 bytes (4) | headers | payload | CRC32 of all before (4).
 * A header is: name length (1) | name | type 7 (1) | value length (2) | value, as UTF-8 text.
 */

export type FrameHeaders = Readonly<Record<string, string>>;

const preludeBytes = 8;
const crcBytes = 4;
const stringType = 7;

function encodeHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const head = Buffer.alloc(1 + nameBytes.length + 3);
  head.writeUInt8(nameBytes.length, 0);
  nameBytes.copy(head, 1);
  head.writeUInt8(stringType, 1 + nameBytes.length);
  head.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
  return Buffer.concat([head, valueBytes]);
}

/** One frame. Header names are at most 255 bytes, values at most 65,535. */
export function encodeFrame(headers: FrameHeaders, payload: Uint8Array): Buffer {
  return frameAround(Buffer.concat(Object.entries(headers).map(([name, value]) => encodeHeader(name, value))), payload);
}

function frameAround(headers: Buffer, payload: Uint8Array): Buffer {
  const total = preludeBytes + crcBytes + headers.length + payload.length + crcBytes;
  const frame = Buffer.allocUnsafe(total);
  frame.writeUInt32BE(total, 0);
  frame.writeUInt32BE(headers.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, preludeBytes)), preludeBytes);
  headers.copy(frame, preludeBytes + crcBytes);
  frame.set(payload, preludeBytes + crcBytes + headers.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, total - crcBytes)), total - crcBytes);
  return frame;
}

const eventHeaders = new Map<string, Buffer>();

/** Headers of an event are the same for every event of its type, so they are encoded once. */
function headersOfEvent(eventType: string): Buffer {
  const known = eventHeaders.get(eventType);
  if (known) return known;
  const encoded = Buffer.concat([
    encodeHeader(':event-type', eventType),
    encodeHeader(':content-type', 'application/json'),
    encodeHeader(':message-type', 'event'),
  ]);
  if (eventHeaders.size < 64) eventHeaders.set(eventType, encoded);
  return encoded;
}

export function encodeEvent(eventType: string, payload: unknown): Buffer {
  return frameAround(headersOfEvent(eventType), Buffer.from(JSON.stringify(payload)));
}

/** An exception inside a stream; `name` starts with a small letter there, as in `throttlingException`. */
export function encodeException(name: string, payload: unknown): Buffer {
  const headers = { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' };
  return encodeFrame(headers, Buffer.from(JSON.stringify(payload)));
}

/** The frame with the last bit of its checksum turned over. */
export function breakChecksum(frame: Buffer): Buffer {
  const broken = Buffer.from(frame);
  const last = broken.length - 1;
  broken.writeUInt8(broken.readUInt8(last) ^ 1, last);
  return broken;
}
