import type { Random } from '../core/clock.js';
import { type Delivery, drip, pause, send, untilGone } from './delivery.js';
import { breakChecksum, encodeEvent, encodeException } from './event-stream.js';
import type { Fault } from './faults.js';
import type { WireEvent } from './wire-format.js';

const batchBytes = 64 * 1_024;
const paddingAlphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
/** Answers are let go in pieces of about so many tokens; near enough for a pace. */
const tokensPerDelta = 3;

/** Real streams pad each event with text of a random length, against guessing the text by the size of packets. */
const padding = (random: Random): string =>
  paddingAlphabet.slice(0, Math.floor(random.next() * paddingAlphabet.length));

const frameOf = ({ random }: Delivery, { type, payload }: WireEvent): Buffer =>
  encodeEvent(type, { ...(payload as object), p: padding(random) });

/** What is left to do with the frame before which a fault was played. */
type Next = 'send-frame' | 'skip-frame' | 'over';

async function playException(delivery: Delivery, fault: Fault & { kind: 'stream-exception' }): Promise<Next> {
  const details = fault.name === 'modelStreamErrorException' ? { originalStatusCode: 500 } : {};
  const payload = { message: fault.message ?? 'The sandbox was told to fail here.', ...details };
  await send(delivery, encodeException(fault.name, payload), 1);
  delivery.exchange.end();
  return 'over';
}

/** Plays a fault that comes between two events; `frame` is the one that would be next. */
async function playInStream(delivery: Delivery, fault: Fault, frame: Buffer): Promise<Next> {
  const { exchange } = delivery;
  const half = frame.subarray(0, Math.ceil(frame.length / 2));
  switch (fault.kind) {
    case 'stream-exception':
      return playException(delivery, fault);
    case 'cut':
      exchange.cut('close');
      return 'over';
    case 'end-early':
      exchange.end();
      return 'over';
    case 'reset':
      await send(delivery, half);
      exchange.cut('reset');
      return 'over';
    case 'half-frame':
      await send(delivery, half);
      exchange.end();
      return 'over';
    case 'stall':
      await untilGone(delivery);
      return 'over';
    case 'bad-crc':
      await send(delivery, breakChecksum(frame), 1);
      return 'skip-frame';
    case 'unknown-event':
      await send(delivery, encodeEvent('somethingNew', { added: true }), 1);
      return 'send-frame';
    default:
      return 'send-frame';
  }
}

async function paced(delivery: Delivery, frame: Buffer, { type }: WireEvent): Promise<void> {
  const { fault, latency } = delivery;
  if (fault?.kind === 'slow-drip') {
    await drip(delivery, frame, fault.bytesPerSecond);
    return;
  }
  const isDelta = type === 'contentBlockDelta' || type === 'chunk';
  if (latency.tokensPerSecond > 0 && isDelta) await pause(delivery, (tokensPerDelta * 1_000) / latency.tokensPerSecond);
  await send(delivery, frame, 1);
}

/** The number of the event before which the fault is due: at the latest the last one, or messageStop for an early end. */
function dueAt(fault: Fault | undefined, events: number): number {
  if (!fault || !('afterEvents' in fault)) return -1;
  return Math.min(fault.afterEvents, Math.max(0, events - (fault.kind === 'end-early' ? 2 : 1)));
}

/** Event by event: at the pace of the latency setting, with the fault where it is due. */
async function sendOneByOne(delivery: Delivery, given: Iterable<WireEvent>): Promise<void> {
  const { fault, exchange } = delivery;
  // A fault may be due at the last event, so their number has to be known; the last one tells the time it took.
  const events = fault ? [...given] : given;
  const due = Array.isArray(events) ? dueAt(fault, events.length) : -1;
  let index = 0;
  for (const event of events) {
    if (exchange.gone.aborted) return;
    const frame = frameOf(delivery, event);
    const next = fault && index === due ? await playInStream(delivery, fault, frame) : 'send-frame';
    if (next === 'over') return;
    if (next === 'send-frame') await paced(delivery, frame, event);
    index += 1;
  }
  exchange.end();
}

/** Nothing to wait for: many frames in one write. */
async function sendAtOnce(delivery: Delivery, events: Iterable<WireEvent>): Promise<void> {
  const { exchange } = delivery;
  let batch: Buffer[] = [];
  let size = 0;
  for (const event of events) {
    const frame = frameOf(delivery, event);
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

/** Sends the events of a stream; the head of the answer is out already. */
export async function sendEvents(delivery: Delivery, events: Iterable<WireEvent>): Promise<void> {
  const simple = !delivery.fault && delivery.latency.tokensPerSecond === 0;
  await (simple ? sendAtOnce(delivery, events) : sendOneByOne(delivery, events));
}
