import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { type RunningFace, send, sendBytes, startHttp } from '../support/http.js';

/* What never becomes a request gets an answer in JSON too: what was wrong, which limit it is, what to do. */

const limits = {
  maxBodyBytes: 200_000,
  maxHeaderBytes: 8_192,
  headersTimeoutMs: 200,
  requestTimeoutMs: 300,
  maxConnections: 3,
};
let face: RunningFace;

beforeAll(async () => {
  face = await startHttp({ limits });
});
afterAll(() => face.close());

function refusalIn(answer: string): { readonly status: string; readonly message: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  expect(headers).toEqual(
    expect.arrayContaining(['Content-Type: application/json', 'Connection: close', `Content-Length: ${body.length}`]),
  );
  const parsed = JSON.parse(body) as { id: unknown; error: { code: number; message: string } };
  expect(parsed).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32_000 } });
  return { status, message: parsed.error.message };
}

const head = 'POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';

describe('a request that', () => {
  it.each([
    [
      'has too slow a body',
      `${head}Content-Length: 100\r\n\r\n{`,
      '408 Request Timeout',
      'BEDROCK_HTTP_REQUEST_TIMEOUT',
    ],
    ['has too slow headers', 'GET /livez HTTP/1.1\r\nHost: loc', '408 Request Timeout', 'BEDROCK_HTTP_HEADERS_TIMEOUT'],
    [
      'has too large headers',
      `GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
      '8192 bytes (BEDROCK_HTTP_MAX_HEADER_BYTES)',
    ],
    [
      'has two lengths',
      `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      '400 Bad Request',
      'not a valid HTTP/1.1 request',
    ],
    [
      'has a length and chunks',
      `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      '400 Bad Request',
      'not a valid HTTP/1.1 request',
    ],
    [
      'has a bare CR',
      'GET /livez HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n',
      '400 Bad Request',
      'not a valid HTTP/1.1',
    ],
    ['is no HTTP', '\u0016\u0003\u0001\u0000', '400 Bad Request', 'not a valid HTTP/1.1'],
  ])('%s', async (_, bytes, status, says) => {
    const refusal = refusalIn(await sendBytes(face.url, bytes));
    expect(refusal.status).toBe(`HTTP/1.1 ${status}`);
    expect(refusal.message).toContain(says);
    expect((await send(face.url, { path: '/livez' })).status).toBe(200);
  });

  it('has too large a body', async () => {
    const answer = await sendBytes(face.url, `${head}Content-Length: 999999\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('of 999999 bytes is larger than 200000 bytes (BEDROCK_HTTP_MAX_BODY_BYTES)');
  });
});

it('more connections than allowed are closed and logged, once in a while', async () => {
  const port = Number(new URL(face.url).port);
  const open = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
  const ready = open.map((socket) => new Promise((resolve) => socket.once('connect', resolve)));
  await Promise.all(ready);
  for (const _ of [1, 2]) {
    const extra = connect(port, '127.0.0.1');
    extra.on('error', () => undefined);
    await new Promise((resolve) => extra.once('close', resolve));
  }
  const told = () => face.logger.lines.filter(({ message }) => message.startsWith('Connections are refused'));
  expect(told()).toMatchObject([{ level: 'warn', fields: { open: 3, setting: 'BEDROCK_HTTP_MAX_CONNECTIONS' } }]);
  for (const socket of open) socket.destroy();
  await until(async () => (await send(face.url, { path: '/livez' }).catch(() => undefined))?.status === 200);
});
