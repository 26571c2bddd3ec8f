import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';

export type AnyRequest = IncomingMessage | Http2ServerRequest;
export type AnyResponse = ServerResponse | Http2ServerResponse;

export interface RequestHead {
  readonly protocol: 'http/1.1' | 'h2c';
  readonly method: string;
  /** As sent, still encoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Names in small letters; `host` is there for HTTP/2 too. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One request and its answer, the same for both protocols. */
export interface Exchange {
  readonly head: RequestHead;
  /** Aborted when the client goes away before the answer is complete. */
  readonly gone: AbortSignal;
  /** The whole body; undefined when it is above `limitBytes`. */
  body(limitBytes: number): Promise<Buffer | undefined>;
  start(status: number, headers: Readonly<Record<string, string>>): void;
  /** Resolves when the bytes were handed to the network, or when the client is gone. */
  write(bytes: Uint8Array): Promise<void>;
  end(bytes?: Uint8Array): void;
  /** `close`: ends the connection. `reset`: TCP reset, or a stream error in HTTP/2. */
  cut(how: 'close' | 'reset'): void;
}

const mostTimesTheLimit = 8;

function readHead(request: AnyRequest): RequestHead {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const authority = headers[':authority'];
  if (authority !== undefined) headers['host'] ??= authority;
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  const protocol = request.httpVersionMajor === 2 ? 'h2c' : 'http/1.1';
  return { protocol, method: request.method ?? 'GET', path, query, headers };
}

/** Reads on above the limit without keeping anything, because an answer cannot be sent before the request has ended. */
async function readBody(request: AnyRequest, limitBytes: number): Promise<Buffer | undefined> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes * mostTimesTheLimit) throw new Error('The request does not end.');
    if (size > limitBytes) chunks = [];
    else chunks.push(chunk);
  }
  if (size > limitBytes) return undefined;
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}

function cutConnection(response: AnyResponse, how: 'close' | 'reset'): void {
  if ('stream' in response) {
    if (how === 'close') response.stream.session?.destroy();
    else response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  } else if (how === 'close') response.socket?.destroy();
  else response.socket?.resetAndDestroy();
}

/** The two response classes have the same method with types that do not unite. */
function writeTo(response: AnyResponse, bytes: Uint8Array, done: () => void): void {
  if ('stream' in response) response.write(bytes, done);
  else response.write(bytes, done);
}

export function createExchange(request: AnyRequest, response: AnyResponse): Exchange {
  const gone = new AbortController();
  let ended = false;
  response.on('close', () => {
    if (!ended) gone.abort(new Error('The client is gone.'));
  });
  response.on('error', () => gone.abort(new Error('The client is gone.')));

  return {
    head: readHead(request),
    gone: gone.signal,
    body: (limitBytes) => readBody(request, limitBytes),
    start: (status, headers) => {
      if (!gone.signal.aborted) response.writeHead(status, headers);
    },
    write: (bytes) =>
      new Promise((resolve) => {
        if (gone.signal.aborted) return resolve();
        const settle = () => {
          gone.signal.removeEventListener('abort', settle);
          resolve();
        };
        gone.signal.addEventListener('abort', settle, { once: true });
        return writeTo(response, bytes, settle);
      }),
    end: (bytes) => {
      ended = true;
      if (gone.signal.aborted) return;
      if (bytes) response.end(bytes);
      else response.end();
    },
    cut: (how) => {
      ended = true;
      cutConnection(response, how);
    },
  };
}
