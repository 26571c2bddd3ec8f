import { createServer as createHttp1 } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type AnyRequest, type AnyResponse, createExchange, type Exchange } from './exchange.js';

export interface Listener {
  readonly port: number;
  /** Ends every connection at once and resolves when the port is free. */
  close(): Promise<void>;
}

const preface = 'PRI';
const keepAliveMs = 65_000;
/** A connection that says nothing for so long is dropped before it is known which protocol it speaks. */
const firstBytesMs = 30_000;

/** Gives the connection, with its first bytes still to be read, to whoever speaks its protocol. */
function sniff(socket: Socket, hand: (protocol: 'h1' | 'h2') => void): void {
  socket.setTimeout(firstBytesMs, () => socket.destroy());
  let seen = Buffer.alloc(0);
  const look = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.toString('latin1', 0, preface.length);
    if (start.length < preface.length && preface.startsWith(start)) return;
    socket.off('data', look);
    socket.pause();
    socket.setTimeout(0);
    socket.removeAllListeners('timeout');
    socket.unshift(seen);
    hand(start === preface ? 'h2' : 'h1');
  };
  socket.on('data', look);
}

/** One port that speaks HTTP/1.1 and, to clients that begin with its preface, HTTP/2 without TLS. */
export async function listen(host: string, port: number, handle: (exchange: Exchange) => void): Promise<Listener> {
  const serve = (request: AnyRequest, response: AnyResponse) => handle(createExchange(request, response));
  const http1 = createHttp1({ keepAliveTimeout: keepAliveMs }, serve);
  const http2 = createHttp2(serve);
  http2.on('sessionError', () => undefined);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    sniff(socket, (protocol) => {
      (protocol === 'h2' ? http2 : http1).emit('connection', socket);
      if (protocol === 'h1') process.nextTick(() => socket.resume());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
