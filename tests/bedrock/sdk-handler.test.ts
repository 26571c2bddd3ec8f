import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connectionDefaults } from '../../src/bedrock/connection-options.js';
import { createSdkHandler, type SdkHandler } from '../../src/bedrock/sdk-handler.js';
import { errorOf } from './client-setup.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function handler(overrides = {}): SdkHandler {
  const made = createSdkHandler({ ...connectionDefaults, ...overrides });
  closing.push(() => made.destroy());
  return made;
}

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port };
}

type HandlerRequest = Parameters<SdkHandler['handle']>[0];
const request = (given: object) =>
  ({ protocol: 'http:', method: 'GET', path: '/', query: {}, headers: {}, ...given }) as unknown as HandlerRequest;

describe('a bearer token', () => {
  const headers = { Authorization: 'Bearer secret' };

  it('never goes to another machine in the clear', async () => {
    const error = await errorOf(handler().handle(request({ hostname: 'bedrock.example.com', headers })));
    expect(error).toMatchObject({ category: 'authentication', remedy: expect.stringContaining('https') });
    expect(error.message).not.toContain('secret');
  });

  it('may stay on this machine', async () => {
    const { port } = await serve((_, response) => response.end());
    const { response } = await handler().handle(request({ hostname: '127.0.0.1', port, headers }));
    expect(response.statusCode).toBe(200);
  });
});

it('opens a connection ahead and uses it for the next request', async () => {
  const { server, port } = await serve((_, response) => response.end('{}'));
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const kept = handler();
  await kept.warm(new URL(`http://127.0.0.1:${port}`));
  expect(connections).toBe(1);
  await kept.handle(request({ hostname: '127.0.0.1', port }));
  expect(connections).toBe(1);
});

it('never has more sockets than it may', async () => {
  let open = 0;
  let most = 0;
  const { port } = await serve((_, response) => {
    open += 1;
    most = Math.max(most, open);
    setTimeout(() => {
      open -= 1;
      response.end('{}');
    }, 20);
  });
  const narrow = handler({ maxSockets: 2 });
  const calls = Array.from({ length: 6 }, async () => {
    const { response } = await narrow.handle(request({ hostname: '127.0.0.1', port }));
    for await (const _ of response.body as Readable) void _;
  });
  await Promise.all(calls);
  expect(most).toBe(2);
});

it('gives up on a host that does not take the connection', async () => {
  // TEST-NET-1 is routed nowhere; where the network refuses it at once the error is another one, but there is one.
  const hasty = handler({ connectionTimeoutMs: 50 });
  await expect(hasty.handle(request({ hostname: '192.0.2.1' }))).rejects.toThrow();
});

it('breaks off an answer that nobody reads without bringing the process down', async () => {
  const { port } = await serve((_, response) => {
    response.write('x');
    setTimeout(() => response.destroy(), 10);
  });
  const { response } = await handler().handle(request({ hostname: '127.0.0.1', port }));
  const body = response.body as Readable;
  await new Promise((resolve) => body.once('close', resolve));
  expect(body.destroyed).toBe(true);
});

it.each([
  ['TLSv1.3', /protocol version/i],
  // The server below has no certificate, so an accepted version gets as far as the choice of a cipher.
  ['TLSv1.2', /handshake failure/i],
] as const)('speaks %s at least', async (tlsMinVersion, why) => {
  const server = createTlsServer({ maxVersion: 'TLSv1.2', ciphers: 'ADH-AES128-SHA256:@SECLEVEL=0' });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const call = handler({ tlsMinVersion }).handle(request({ protocol: 'https:', hostname: '127.0.0.1', port }));
  await expect(call).rejects.toMatchObject({ code: 'EPROTO', cause: { message: expect.stringMatching(why) } });
});
