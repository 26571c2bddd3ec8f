import { createServer } from 'node:http';
import { createServer as createTlsServer, Agent as HttpsAgent, request } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { isException, tunnelThrough } from '../../src/bedrock/proxy-tunnel.js';
import { errorOf } from './client-setup.js';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/* A key that both sides know stands in for a certificate, so that no private key has to be kept in the repository. */
const psk = Buffer.from('0123456789abcdef');
const withKey = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' as const };

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const secureServer = () =>
  listen(createTlsServer({ ...withKey, pskCallback: () => psk }, (_, response) => response.end('from bedrock')));

/** Leads every tunnel to `port`, and remembers what it was asked. */
async function startProxy(port: number, status = 200) {
  const asked: { url: string; login: string | undefined }[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url = '', headers }, socket) => {
    asked.push({ url, login: headers['proxy-authorization'] });
    closing.push(() => socket.destroy());
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const through = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(through).pipe(socket);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  return { asked, port: await listen(proxy) };
}

function agentThrough(url: string, exceptions = '') {
  const agent = new HttpsAgent({
    ...withKey,
    keepAlive: true,
    pskCallback: () => ({ psk, identity: 'test' }),
    checkServerIdentity: () => undefined,
  });
  tunnelThrough(agent, { url, exceptions }, 2_000);
  closing.push(() => agent.destroy());
  return agent;
}

function get(agent: HttpsAgent, host = 'bedrock.test', port = 443): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host, port, path: '/' }, (response) => void text(response).then(resolve, reject));
    sent.once('error', reject);
    sent.end();
  });
}

describe('a tunnel', () => {
  it('is asked of the proxy with its login, and kept for the next call', async () => {
    const proxy = await startProxy(await secureServer());
    const agent = agentThrough(`http://user:p%40ss@127.0.0.1:${proxy.port}`);
    expect(await get(agent)).toBe('from bedrock');
    expect(await get(agent)).toBe('from bedrock');
    const login = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(proxy.asked).toEqual([{ url: 'bedrock.test:443', login }]);
  });

  it('is not used for this machine', async () => {
    const port = await secureServer();
    const proxy = await startProxy(port);
    expect(await get(agentThrough(`http://127.0.0.1:${proxy.port}`), '127.0.0.1', port)).toBe('from bedrock');
    expect(proxy.asked).toEqual([]);
  });

  it.each([
    [407, /another user or password/],
    [403, /it answered 403/],
  ])('that is refused with %i says so', async (status, message) => {
    const proxy = await startProxy(0, status);
    const error = await errorOf(get(agentThrough(`http://127.0.0.1:${proxy.port}`)));
    expect(error).toMatchObject({ category: 'network', message: expect.stringMatching(message) });
    expect(error.remedy).toContain('HTTPS_PROXY');
  });

  it('through a proxy that is not there says so', async () => {
    expect(await errorOf(get(agentThrough('http://127.0.0.1:1')))).toMatchObject({ category: 'network' });
  });
});

it.each([
  ['bedrock.eu-west-1.amazonaws.com', '', false],
  ['bedrock.eu-west-1.amazonaws.com', '.amazonaws.com', true],
  ['bedrock.eu-west-1.amazonaws.com', 'example.com, *.amazonaws.com:443', true],
  ['bedrock.eu-west-1.amazonaws.com', 'amazonaws.com', true],
  ['notamazonaws.com', 'amazonaws.com', false],
  ['BEDROCK.test', 'bedrock.TEST', true],
  ['anything', '*', true],
  ['localhost', '', true],
  ['127.0.0.1', '', true],
  ['::1', '', true],
])('%s under NO_PROXY %j is an exception: %s', (host, exceptions, expected) => {
  expect(isException(host, exceptions)).toBe(expected);
});
