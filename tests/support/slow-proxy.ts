import { connect, createServer, type Socket } from 'node:net';

/** Between a client and a server on this machine: what the server says comes late. */
export interface SlowProxy {
  readonly port: number;
  /** From now on; `Infinity` holds everything back. */
  delay(ms: number): void;
  /** Everything that clients have sent since the last call. */
  takeSent(): string;
  close(): Promise<void>;
}

export async function startSlowProxy(serverPort: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  let delayMs = 0;
  let sent: Buffer[] = [];
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const proxy = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    keep(client);
    keep(server);
    let dueAtMs = 0;
    client.on('data', (chunk: Buffer) => {
      sent.push(chunk);
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (!Number.isFinite(delayMs)) return;
      // Never before what came before it, also when the delay has become shorter.
      dueAtMs = Math.max(dueAtMs, Date.now() + delayMs);
      setTimeout(() => client.write(chunk), dueAtMs - Date.now());
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    delay: (ms) => {
      delayMs = ms;
    },
    takeSent: () => {
      const text = Buffer.concat(sent).toString('latin1');
      sent = [];
      return text;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
