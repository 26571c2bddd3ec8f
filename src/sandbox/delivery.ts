import type { Clock, Random } from '../core/clock.js';
import type { RecordedCall } from './calls.js';
import type { Exchange } from './exchange.js';
import type { Fault } from './faults.js';

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

export type Headers = Readonly<Record<string, string>>;

export const jsonType = 'application/json';

/** The content type of an answer, unless the fault is to give a wrong one. */
export function contentTypeOf({ fault }: Delivery, right: string): string {
  return fault?.kind === 'wrong-content-type' ? fault.contentType : right;
}

export function start(delivery: Delivery, status: number, headers: Headers): void {
  delivery.call.status = status;
  delivery.exchange.start(status, {
    date: new Date(delivery.clock.nowMs()).toUTCString(),
    'x-amzn-requestid': delivery.call.id,
    ...headers,
  });
}

export async function send({ exchange, call }: Delivery, bytes: Uint8Array, events = 0): Promise<void> {
  if (exchange.gone.aborted || bytes.length === 0) return;
  await exchange.write(bytes);
  if (exchange.gone.aborted) return;
  call.bytesSent += bytes.length;
  call.eventsSent += events;
}

/** Waits until the client gives up. */
export async function untilGone({ exchange }: Delivery): Promise<void> {
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

/** One byte after the other; at high rates as many at a time as fit into a millisecond, the shortest sleep there is. */
export async function drip(delivery: Delivery, bytes: Uint8Array, bytesPerSecond: number): Promise<void> {
  const step = Math.max(1, Math.floor(bytesPerSecond / 1_000));
  for (let at = 0; at < bytes.length && !delivery.exchange.gone.aborted; at += step) {
    await pause(delivery, (step * 1_000) / bytesPerSecond);
    await send(delivery, bytes.subarray(at, at + step));
  }
}

/** Sends a body that is no stream, with what the fault does to it. */
export async function sendBody(delivery: Delivery, status: number, headers: Headers, body: Buffer): Promise<void> {
  const { exchange, fault, call } = delivery;
  const contentType = contentTypeOf(delivery, jsonType);
  start(delivery, status, { 'content-type': contentType, 'content-length': String(body.length), ...headers });
  const half = body.subarray(0, Math.ceil(body.length / 2));
  switch (fault?.kind) {
    case 'cut':
    case 'reset':
      await send(delivery, half);
      return exchange.cut(fault.kind === 'cut' ? 'close' : 'reset');
    case 'stall':
      await send(delivery, half);
      return untilGone(delivery);
    case 'slow-drip':
      await drip(delivery, body, fault.bytesPerSecond);
      return exchange.end();
    default:
      exchange.end(body);
      call.bytesSent += body.length;
  }
}
