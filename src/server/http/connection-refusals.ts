import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/ports.js';
import { rpcError } from '../json-rpc.js';
import { rpcCodes } from './replies.js';

export interface ConnectionLimits {
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

export interface RefusalOptions {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** For a client still sending to find the answer before its connection breaks. */
const lingerMs = 1_000;
const tellAgainAfterMs = 60_000;

interface Refusal {
  readonly status: string;
  readonly message: string;
}

/** What Node found wrong with a request before there was one. */
function refusalOf({ code }: NodeJS.ErrnoException, limits: ConnectionLimits): Refusal {
  const { maxHeaderBytes, headersTimeoutMs, requestTimeoutMs } = limits;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const [headers, whole] = [headersTimeoutMs / 1_000, requestTimeoutMs / 1_000];
    return {
      status: '408 Request Timeout',
      message: `The request came too slowly: its headers have ${headers} s (BEDROCK_HTTP_HEADERS_TIMEOUT), all of it ${whole} s (BEDROCK_HTTP_REQUEST_TIMEOUT). Send less at a time, or have the operator allow longer.`,
    };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: '431 Request Header Fields Too Large',
      message: `The request line and headers are larger than ${maxHeaderBytes} bytes (BEDROCK_HTTP_MAX_HEADER_BYTES). Send fewer or shorter headers, such as a smaller token or fewer cookies.`,
    };
  }
  return { status: '400 Bad Request', message: 'This is not a valid HTTP/1.1 request. Check the client or the proxy.' };
}

function answerText({ status, message }: Refusal): string {
  const body = JSON.stringify(rpcError({ code: rpcCodes.refused, message }));
  const headers = [
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  return [`HTTP/1.1 ${status}`, ...headers, '', body].join('\r\n');
}

/** Says why in JSON where Node would only give a status line or nothing. */
export function refuseBadConnections(server: Server, { limits, clock, logger }: RefusalOptions): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (refused.has(socket)) return;
    refused.add(socket);
    // An answer that has begun cannot become another one.
    if (error.code === 'ECONNRESET' || !socket.writable || answering.get(socket)?.headersSent) {
      socket.destroy();
      return;
    }
    const gone = new AbortController();
    socket.once('close', () => gone.abort());
    socket.on('error', () => socket.destroy());
    socket.end(answerText(refusalOf(error, limits)));
    clock.sleep(lingerMs, gone.signal).then(
      () => socket.destroy(),
      () => undefined,
    );
  }

  server.maxConnections = limits.maxConnections;
  server.on('request', ({ socket }: { readonly socket: Socket }, response: ServerResponse) => {
    answering.set(socket, response);
    response.once('close', () => answering.delete(socket));
  });
  server.on('clientError', refuse);
  server.on('drop', () => {
    if (clock.monotonicMs() < toldAtMs + tellAgainAfterMs) return;
    toldAtMs = clock.monotonicMs();
    const setting = 'BEDROCK_HTTP_MAX_CONNECTIONS';
    logger.warn('Connections are refused: too many are open.', { open: limits.maxConnections, setting });
  });
}
