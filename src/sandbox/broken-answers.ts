import { type Delivery, jsonType, send, start, untilGone } from './delivery.js';
import { encodeEvent } from './event-stream.js';
import type { Fault } from './faults.js';
import { eventStreamType, isStreaming } from './match.js';

/* Faults that stand in for the whole answer. */

const broken: Readonly<Record<string, { status: number; type: string; body: string }>> = {
  'empty-object': { status: 200, type: jsonType, body: '{}' },
  'malformed-json': { status: 200, type: jsonType, body: '{"output": {"message": {"role": "assi' },
  'html-error': {
    status: 502,
    type: 'text/html',
    body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>',
  },
};

const chunkBytes = 64 * 1_024;
const filling = 'x'.repeat(chunkBytes);

interface Giant {
  readonly type: string;
  readonly head: Buffer;
  readonly middle: Buffer;
  readonly tail: Buffer;
}

const giantBody: Giant = {
  type: jsonType,
  head: Buffer.from('{"output":{"message":{"role":"assistant","content":[{"text":"'),
  middle: Buffer.from(filling),
  tail: Buffer.from('"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}'),
};

const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };

const giantStream: Giant = {
  type: eventStreamType,
  head: encodeEvent('messageStart', { role: 'assistant' }),
  middle: encodeEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: filling } }),
  tail: Buffer.concat([
    encodeEvent('contentBlockStop', { contentBlockIndex: 0 }),
    encodeEvent('messageStop', { stopReason: 'end_turn' }),
    encodeEvent('metadata', { usage, metrics: { latencyMs: 1 } }),
  ]),
};

const nativePart = { type: 'giant', text: filling };
const giantNativeStream: Giant = {
  type: eventStreamType,
  head: Buffer.alloc(0),
  middle: encodeEvent('chunk', { bytes: Buffer.from(JSON.stringify(nativePart)).toString('base64') }),
  tail: Buffer.alloc(0),
};

function giantFor({ operation }: Delivery['call']): Giant {
  if (operation === 'ConverseStream') return giantStream;
  return operation === 'InvokeModelWithResponseStream' ? giantNativeStream : giantBody;
}

async function sendGiant(delivery: Delivery, bytes: number): Promise<void> {
  const { type, head, middle, tail } = giantFor(delivery.call);
  start(delivery, 200, { 'content-type': type });
  await send(delivery, head);
  for (let left = bytes; left > 0 && !delivery.exchange.gone.aborted; left -= chunkBytes) await send(delivery, middle);
  await send(delivery, tail);
  delivery.exchange.end();
}

function sendFixed(delivery: Delivery, status: number, type: string, text: string): void {
  const body = Buffer.from(text);
  start(delivery, status, { 'content-type': type, 'content-length': String(body.length) });
  delivery.exchange.end(body);
  delivery.call.bytesSent += body.length;
}

/** Plays a fault that stands in for the whole answer; false when the fault is of another kind. */
export async function playWhole(delivery: Delivery, fault: Fault): Promise<boolean> {
  const { exchange, call } = delivery;
  switch (fault.kind) {
    case 'cut-before':
      exchange.cut('close');
      return true;
    case 'hang':
      await untilGone(delivery);
      return true;
    case 'giant-body':
      await sendGiant(delivery, fault.bytes);
      return true;
    case 'empty-body': {
      const streams = call.operation !== undefined && isStreaming(call.operation);
      sendFixed(delivery, 200, streams ? eventStreamType : jsonType, '');
      return true;
    }
    default: {
      const answer = broken[fault.kind];
      if (answer) sendFixed(delivery, answer.status, answer.type, answer.body);
      return answer !== undefined;
    }
  }
}
