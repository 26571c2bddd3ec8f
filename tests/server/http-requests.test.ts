import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ServiceError } from '../../src/core/errors.js';
import { createHttpServer } from '../../src/server/http/http-server.js';
import {
  type Call,
  openSession,
  post,
  type Reply,
  type RunningFace,
  send,
  sendBytes,
  startHttp,
} from './support/http.js';

/* Requests of every bad kind, and the plain routes. */

const maxBodyBytes = 200_000;
let face: RunningFace;

beforeAll(async () => {
  face = await startHttp({
    limits: { maxBodyBytes },
    allowedHosts: ['bedrock.internal', 'proxy.internal:8443'],
    allowedOrigins: ['https://app.example/'],
  });
});
afterAll(() => face.close());

function expectRpcError(reply: Reply, status: number, code?: number): void {
  expect(reply.status).toBe(status);
  expect(reply.headers['content-type']).toBe('application/json');
  const body = JSON.parse(reply.text) as Record<string, unknown>;
  expect(body).toMatchObject({ jsonrpc: '2.0', id: null, error: { message: expect.any(String) } });
  if (code !== undefined) expect(body['error']).toMatchObject({ code });
  expect(reply.text).not.toMatch(/<html|node_modules|\bat .*:\d+/);
}

const routes = ['/mcp', '/sse', '/messages', '/livez', '/readyz', '/health', '/metrics', '/nowhere'];
const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };

describe('Host and Origin', () => {
  describe.each(routes)('%s', (path) => {
    it.each([
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
      { host: '127.0.0.1.evil.example' },
      { host: 'user@127.0.0.1' },
      { host: 'proxy.internal:9999' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
      { origin: 'file://' },
    ])('refuses %j', async (headers: Record<string, string>) => {
      expectRpcError(await send(face.url, { path, headers }), 403);
    });
  });

  it.each<Record<string, string>>([
    { host: 'localhost' },
    { host: 'LOCALHOST:1234' },
    { host: '[::1]:80' },
    { host: 'bedrock.internal:99' },
    { host: 'proxy.internal:8443' },
    { origin: 'http://localhost:6274' },
    { origin: 'https://127.0.0.1' },
    { origin: 'https://app.example' },
  ])('lets %j in', async (headers) => {
    expect((await send(face.url, { path: '/livez', headers })).status).toBe(200);
  });

  it('refuses two Host headers', async () => {
    const bytes = 'GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n';
    expect(await sendBytes(face.url, bytes)).toMatch(/^HTTP\/1\.1 400 .*more than one Host/s);
  });

  it('refuses none at all', async () => {
    expect(await sendBytes(face.url, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
    expect(await sendBytes(face.url, 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403/);
  });
});

describe('paths and methods', () => {
  it.each<[Call, number, string | undefined]>([
    [{ path: '/' }, 404, undefined],
    [{ path: '/__proto__' }, 404, undefined],
    [{ path: '/constructor' }, 404, undefined],
    [{ path: '/mcp/../etc/passwd' }, 404, undefined],
    [{ method: 'PUT', path: '/mcp' }, 405, 'POST, GET, DELETE'],
    [{ method: 'POST', path: '/livez' }, 405, 'GET'],
    [{ method: 'GET', path: '/messages' }, 405, 'POST'],
    [{ method: 'OPTIONS', path: '/mcp' }, 405, 'POST, GET, DELETE'],
  ])('%j', async (call, status, allow) => {
    const reply = await send(face.url, call);
    expectRpcError(reply, status);
    expect(reply.headers['allow']).toBe(allow);
  });

  it('an unreadable target', async () => {
    expect(await sendBytes(face.url, 'GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*target/s,
    );
  });
});

describe('bodies', () => {
  const badUtf8 = Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":1,"method":"'), Buffer.from([0xff, 0x22, 0x7d])]);

  it.each<[string, string | Buffer, number]>([
    ['malformed JSON', '{"jsonrpc":', -32_700],
    ['nothing', '', -32_700],
    ['bytes that are not UTF-8', badUtf8, -32_700],
    ['null', 'null', -32_600],
    ['an empty batch', '[]', -32_600],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32_600],
    ['an id with a fraction', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32_600],
    ['no version', '{"id":1,"method":"ping"}', -32_600],
  ])('%s', async (_, body, code) => {
    expectRpcError(await post(face.url, body), 400, code);
  });

  it.each<Record<string, string>>([
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json-patch' },
    { 'content-encoding': 'gzip' },
  ])('of the wrong kind: %j', async (headers) => {
    expectRpcError(await post(face.url, ping, headers), 415);
  });

  it('over the limit are refused by their announced length', async () => {
    const bytes = `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{`;
    expect(await sendBytes(face.url, bytes)).toMatch(
      /^HTTP\/1\.1 413 .*of 999999999 bytes is larger than 200000 bytes/s,
    );
  });

  it('over the limit are refused while they are sent', async () => {
    const chunked = { 'transfer-encoding': 'chunked' };
    expectRpcError(await post(face.url, 'x'.repeat(maxBodyBytes + 1), chunked), 413);
  });

  it('up to the limit are taken', async () => {
    const session = await openSession(face.url);
    const prompt = 'x'.repeat(maxBodyBytes - 500);
    const call = {
      jsonrpc: '2.0',
      id: 3,
      method: 'tools/call',
      params: { name: 'bedrock_invoke', arguments: { prompt } },
    };
    expect((await post(face.url, call, session)).status).toBe(200);
  });
});

describe('batches', () => {
  const batch = [ping, { ...ping, id: 3 }];

  it('are taken from clients of the revisions that had them', async () => {
    const session = await openSession(face.url, '2025-03-26');
    const reply = await post(face.url, batch, session);
    expect(reply.status).toBe(200);
    expect(reply.text.match(/"result":\{\}/g)).toHaveLength(2);
  });

  it.each(['2025-06-18', '2025-11-25', '1999-01-01'])('are refused from clients of %s', async (version) => {
    expectRpcError(await post(face.url, batch, await openSession(face.url, version)), 400, -32_600);
  });

  it('hold 20 messages at most, and no id twice', async () => {
    const session = await openSession(face.url, '2025-03-26');
    const many = Array.from({ length: 21 }, (_, id) => ({ ...ping, id }));
    expectRpcError(await post(face.url, many, session), 400, -32_600);
    expectRpcError(await post(face.url, [ping, ping], session), 400, -32_600);
  });
});

describe('health and metrics', () => {
  it('is live, ready and tells why', async () => {
    expect(JSON.parse((await send(face.url, { path: '/livez' })).text)).toEqual({ status: 'live' });
    expect(await send(face.url, { path: '/readyz' })).toMatchObject({ status: 200, text: '{"status":"degraded"}' });
    const health = await send(face.url, { path: '/health?deep=true' });
    expect(health.status).toBe(200);
    expect(JSON.parse(health.text)).toEqual({
      status: 'degraded',
      version: '1.2.3',
      uptime_seconds: 12,
      checks: [
        { name: 'credentials', status: 'healthy', detail: 'found', checked_at: '1970-01-01T00:00:00.000Z' },
        {
          name: 'cache',
          status: 'degraded',
          detail: 'Redis is away',
          remedy: 'Start Redis.',
          checked_at: '1970-01-01T00:00:01.000Z',
        },
      ],
    });
    const metrics = await send(face.url, { path: '/metrics' });
    expect(metrics).toMatchObject({ status: 200, text: 'up 1\n' });
    expect(metrics.headers['content-type']).toBe('text/plain; version=0.0.4');
  });

  it('is not ready when it is unhealthy, and says why', async () => {
    const wrong = { name: 'bedrock', status: 'unhealthy' as const, detail: 'No credentials.', remedy: 'Set some.' };
    const right = { name: 'budget', status: 'healthy' as const, detail: 'Fine.', checkedAtMs: 1 };
    face.service.behaviour = { health: { status: 'unhealthy', checks: [{ ...wrong, checkedAtMs: 1 }, right] } };
    const ready = await send(face.url, { path: '/readyz' });
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text)).toEqual({
      status: 'unhealthy',
      reasons: [{ name: 'bedrock', detail: 'No credentials.', remedy: 'Set some.' }],
    });
    expect((await send(face.url, { path: '/health' })).status).toBe(503);
    face.service.behaviour = {};
  });

  it('keeps the text of a failure to the log', async () => {
    face.service.behaviour = { error: new Error('AKIAIOSFODNN7EXAMPLE in /app/x.js:1') };
    const failed = await send(face.url, { path: '/health' });
    expectRpcError(failed, 500, -32_603);
    expect(failed.text).not.toMatch(/AKIA|\/app/);
    face.service.behaviour = { error: new ServiceError('authentication', 'There are no AWS credentials.') };
    expect((await send(face.url, { path: '/readyz' })).status).toBe(401);
    face.service.behaviour = {};
    expect(face.logger.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });
});

describe('where it listens', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'example.com', '127.evil.example'])('not on %s', (host) => {
    expect(() => createHttpServer({ host } as never)).toThrow(/Without authentication/);
  });

  it('says so when the port is taken', async () => {
    await expect(startHttp({ port: Number(new URL(face.url).port) })).rejects.toMatchObject({
      category: 'validation',
      message: expect.stringMatching(/127\.0\.0\.1:\d+ is in use by another program/),
    });
  });

  it('has a URL for IPv6 too', async () => {
    const six = await startHttp({ host: '::1' }).catch(() => undefined);
    if (!six) return;
    expect((await send(six.url, { path: '/livez' })).status).toBe(200);
    await six.close();
  });
});

it('books nothing for any of it, and still works', async () => {
  expect(face.service.invocations).toHaveLength(1);
  expect((await post(face.url, ping, await openSession(face.url))).status).toBe(200);
});
