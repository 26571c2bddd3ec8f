import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.js';
import { serveStdio } from '../../src/server/transports/stdio.js';
import { caller, createFace, until } from './support/face.js';
import { openSession, post, type RunningFace, startHttp } from './support/http.js';

/* A cancel of the request with the id 0, which is the first one of many clients, and what is left after it. */

const limitMs = 30_000;
const call = (id: number, meta?: object) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'bedrock_invoke', arguments: { prompt: 'x' }, ...(meta && { _meta: meta }) },
});
const cancel = (requestId: number) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId, reason: 'no longer needed' },
});
const modern = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

describe.each([
  ['2025-11-25', undefined],
  ['2026-07-28', modern],
])('over stdio in revision %s', (_, meta) => {
  it('ends the call with the id 0 and serves the next', async () => {
    const { connector, connectModern, service } = createFace();
    const input = new PassThrough();
    const output = new PassThrough();
    let written = '';
    output.on('data', (chunk: Buffer) => {
      written += chunk.toString();
    });
    const drainMs = 1_000;
    const server = await serveStdio({ connector, connectModern, caller, input, output, clock: systemClock, drainMs });
    service.behaviour = { hang: true };
    input.write(`${JSON.stringify(call(0, meta))}\n`);
    await until(() => service.invocations.length === 1, 'the call began', limitMs);
    input.write(`${JSON.stringify(cancel(0))}\n`);
    await until(() => service.invocations[0]?.aborted === true, 'the cancel arrived', limitMs);
    service.behaviour = {};
    input.write(`${JSON.stringify(call(1, meta))}\n`);
    await until(() => written.includes('echo: x'), 'the next is answered', limitMs);
    expect(written.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(written)).toMatchObject({ id: 1, result: { structuredContent: { text: 'echo: x' } } });
    await server.close();
  });
});

describe('over Streamable HTTP with a session', () => {
  let face: RunningFace;
  afterEach(() => face.close());

  it('ends the call with the id 0, and its stream without an answer', async () => {
    face = await startHttp();
    const session = await openSession(face.url);
    face.service.behaviour = { hang: true };
    const stream = post(face.url, call(0), session);
    await until(() => face.service.invocations.length === 1, 'the call began', limitMs);
    expect((await post(face.url, cancel(0), session)).status).toBe(202);
    const { status, text } = await stream;
    expect(status).toBe(200);
    expect(text).not.toContain('"id":0');
    expect(face.service.invocations[0]?.aborted).toBe(true);
    face.service.behaviour = {};
    expect((await post(face.url, call(0), session)).text).toContain('echo: x');
  });
});
