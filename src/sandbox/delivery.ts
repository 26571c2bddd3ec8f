import type { Clock, Random } from '../core/clock.js';
import type { RecordedCall } from './calls.js';
import { breakChecksum, encodeEvent, encodeException } from './event-stream.js';
import type { Exchange } from './exchange.js';
import type { Fault } from './faults.js';
import type { WireEvent } from './wire-format.js';

/** How fast the pretended model is. Without limits it answers at once. */
export interface Latency {
  readonly firstTokenMs: number;
  /** 0: no limit. */
  readonly tokensPerSecond: number;
}

/** One answer on its way out. */
export interface Delivery {
  readonly exchange: Exchange;
  readonly call: RecordedCall;
  readonly clock: Clock;
  readonly random: Random;
  readonly fault: Fault | undefined;
  readonly latency: Latency;
}

const batchBytes = 64 * 1_024;
const paddingAlphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const jsonType = 'application/json';

/** Real streams pad each event with text of a random length, against guessing the text by the size of packets. */
const padding = (random: Random): string =>
  paddingAlphabet.slice(0, Math.floor(random.next() * paddingAlphabet.length));

export async function send(delivery: Delivery, bytes: Uint8Array, events = 0): Promise<void> {
  const { exchange, call } = delivery;
  if (exchange.gone.aborted || bytes.length === 0) return;
  await exchange.write(bytes);
  if (exchange.gone.aborted) return;
  call.bytesSent += bytes.length;
  call.eventsSent += events;
}

/** Waits until the client gives up. */
async function untilGone({ exchange }: Delivery): Promise<void> {
  if (exchange.gone.aborted) return;
  await new Promise<void>((resolve) => {
    exchange.gone.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Sleeps unless the client goes away first. */
export async function pause({ exchange, clock }: Delivery, ms: number): Promise<void> {
  if (ms <= 0 || exchange.gone.aborted) return;
  await clock.sleep(ms, exchange.gone).catch(() => undefined);
}

async function drip(delivery: Delivery, bytes: Buffer, bytesPerSecond: number): Promise<void> {
  for (let at = 0; at < bytes.length && !delivery.exchange.gone.aborted; at += 1) {
    await pause(delivery, 1_000 / bytesPerSecond);
    await send(delivery, bytes.subarray(at, at + 1));
  }
}

export function start(delivery: Delivery, status: number, headers: Readonly<Record<string, string>>): void {
  delivery.call.status = status;
  delivery.exchange.start(status, {
    date: new Date(delivery.clock.nowMs()).toUTCString(),
    'x-amzn-requestid': delivery.call.id,
    ...headers,
  });
}

/** Plays the part of a fault that comes between two events; true when the stream is over with it. */
async function playInStream(delivery: Delivery, fault: Fault, frame: Buffer): Promise<boolean> {
  const { exchange } = delivery;
  switch (fault.kind) {
    case 'stream-exception': {
      const details = fault.name === 'modelStreamErrorException' ? { originalStatusCode: 500 } : {};
      const payload = { message: fault.message ?? 'The sandbox was told to fail here.', ...details };
      await send(delivery, encodeException(fault.name, payload), 1);
      exchange.end();
      return true;
    }
    case 'cut':
      exchange.cut('close');
      return true;
    case 'end-early':
      exchange.end();
      return true;
    case 'reset':
    case 'half-frame':
      await send(delivery, frame.subarray(0, Math.ceil(frame.length / 2)));
      if (fault.kind === 'reset') exchange.cut('reset');
      else exchange.end();
      return true;
    case 'stall':
      await untilGone(delivery);
      return true;
    case 'bad-crc':
      await send(delivery, breakChecksum(frame), 1);
      return false;
    case 'unknown-event':
      await send(delivery, encodeEvent('somethingNew', { added: true }), 1);
      return false;
    default:
      return false;
  }
}

/** Sends events one by one, as fast as the latency setting allows. */
export async function sendEvents(delivery: Delivery, events: Iterable<WireEvent>): Promise<void> {
  const { fault, latency, exchange, random } = delivery;
  if (!fault && latency.tokensPerSecond === 0) return sendAtOnce(delivery, events);
  const faultAt = fault && 'afterEvents' in fault ? fault.afterEvents : undefined;
  let sent = 0;
  let last: Buffer = Buffer.alloc(0);
  for (const event of events) {
    if (exchange.gone.aborted) return;
    last = encodeEvent(event.type, { ...(event.payload as object), p: padding(random) });
    if (fault && sent === faultAt && (await playInStream(delivery, fault, last))) return;
    sent += 1;
    if (fault?.kind === 'bad-crc' && sent - 1 === faultAt) continue;
    if (fault?.kind === 'slow-drip') await drip(delivery, last, fault.bytesPerSecond);
    else await paced(delivery, last, event);
  }
  if (fault && faultAt !== undefined && sent <= faultAt && (await playInStream(delivery, fault, last))) return;
  exchange.end();
}

/** The pieces that `pieces` makes are of about three tokens; that is near enough for a pace. */
const tokensPerDelta = 3;

async function paced(delivery: Delivery, frame: Buffer, event: WireEvent): Promise<void> {
  const { tokensPerSecond } = delivery.latency;
  const isDelta = event.type === 'contentBlockDelta' || event.type === 'chunk';
  if (tokensPerSecond > 0 && isDelta) await pause(delivery, (tokensPerDelta * 1_000) / tokensPerSecond);
  await send(delivery, frame, 1);
}

/** Nothing to wait for: many frames in one write. */
async function sendAtOnce(delivery: Delivery, events: Iterable<WireEvent>): Promise<void> {
  const { exchange, random } = delivery;
  let batch: Buffer[] = [];
  let size = 0;
  for (const event of events) {
    const frame = encodeEvent(event.type, { ...(event.payload as object), p: padding(random) });
    batch.push(frame);
    size += frame.length;
    if (size < batchBytes) continue;
    await send(delivery, Buffer.concat(batch, size), batch.length);
    if (exchange.gone.aborted) return;
    batch = [];
    size = 0;
  }
  await send(delivery, Buffer.concat(batch, size), batch.length);
  exchange.end();
}

/** Sends a body that is no stream, with what the fault does to it. */
export async function sendBody(
  delivery: Delivery,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<void> {
  const { exchange, fault } = delivery;
  const contentType = fault?.kind === 'wrong-content-type' ? fault.contentType : jsonType;
  start(delivery, status, { 'content-type': contentType, 'content-length': String(body.length), ...headers });
  const breaks = fault?.kind === 'cut' || fault?.kind === 'reset' || fault?.kind === 'stall';
  if (breaks) {
    await send(delivery, body.subarray(0, Math.ceil(body.length / 2)));
    if (fault.kind === 'stall') await untilGone(delivery);
    else exchange.cut(fault.kind === 'cut' ? 'close' : 'reset');
    return;
  }
  if (fault?.kind === 'slow-drip') {
    await drip(delivery, body, fault.bytesPerSecond);
    exchange.end();
    return;
  }
  exchange.end(body);
  delivery.call.bytesSent += body.length;
}

const giantChunk = Buffer.alloc(64 * 1_024, 0x78);

async function sendGiant(delivery: Delivery, bytes: number): Promise<void> {
  const head = Buffer.from('{"output":{"message":{"role":"assistant","content":[{"text":"');
  start(delivery, 200, { 'content-type': jsonType });
  await send(delivery, head);
  for (let left = bytes; left > 0 && !delivery.exchange.gone.aborted; left -= giantChunk.length) {
    await send(delivery, giantChunk.subarray(0, Math.min(left, giantChunk.length)));
  }
  await send(
    delivery,
    Buffer.from('"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}'),
  );
  delivery.exchange.end();
}

const broken: Readonly<Record<string, { status: number; type: string; body: string }>> = {
  'empty-body': { status: 200, type: jsonType, body: '' },
  'empty-object': { status: 200, type: jsonType, body: '{}' },
  'malformed-json': { status: 200, type: jsonType, body: '{"output": {"message": {"role": "assi' },
  'html-error': {
    status: 502,
    type: 'text/html',
    body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
  },
};

/** Plays a fault that stands in for the whole answer; false when the fault is of another kind. */
export async function playWhole(delivery: Delivery, fault: Fault): Promise<boolean> {
  switch (fault.kind) {
    case 'cut-before':
      delivery.exchange.cut('close');
      return true;
    case 'hang':
      await untilGone(delivery);
      return true;
    case 'giant-body':
      await sendGiant(delivery, fault.bytes);
      return true;
    default: {
      const answer = broken[fault.kind];
      if (!answer) return false;
      const body = Buffer.from(answer.body);
      start(delivery, answer.status, { 'content-type': answer.type, 'content-length': String(body.length) });
      delivery.exchange.end(body);
      delivery.call.bytesSent += body.length;
      return true;
    }
  }
}
