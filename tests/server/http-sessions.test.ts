import { afterEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { fakeClock } from '../support/fake-clock.js';
import { firstTarget } from '../support/fake-service.js';
import { ask, textOf, until } from './support/face.js';
import {
  initialize,
  openSession,
  post,
  type RunningFace,
  send,
  sseClient,
  startHttp,
  streamableClient,
} from './support/http.js';

let face: RunningFace;
const clients: Client[] = [];

async function start(...overrides: Parameters<typeof startHttp>): Promise<void> {
  face = await startHttp(...overrides);
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await face.close();
});

async function connect(kind: 'streamable' | 'sse'): Promise<Client> {
  const client = kind === 'sse' ? await sseClient(face.url) : (await streamableClient(face.url)).client;
  clients.push(client);
  await client.listTools();
  return client;
}

const ping = { jsonrpc: '2.0', id: 2, method: 'ping' };
const call = (id: number, prompt: string) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: 'bedrock_invoke', arguments: { prompt } },
});

describe.each(['streamable', 'sse'] as const)('a client over %s', (kind) => {
  it('calls a tool and sees progress', async () => {
    await start();
    let open = () => {};
    face.service.behaviour = {
      events: [{ type: 'attempt-started', target: firstTarget, number: 1 }],
      gate: new Promise<void>((resolve) => (open = resolve)),
    };
    const client = await connect(kind);
    const messages: unknown[] = [];
    const pending = client.callTool({ name: 'bedrock_invoke', arguments: { prompt: 'hi' } }, undefined, {
      onprogress: ({ message }) => messages.push(message),
    });
    await until(() => messages.length === 1, 'the progress arrived');
    open();
    const result = await pending;
    expect(textOf(result as never)).toContain('echo: hi');
    expect(messages).toEqual(['Asking us.amazon.nova-pro-v1:0 in us-east-1, attempt 1']);
  });

  it('cancels its call, which then ends', async () => {
    await start();
    face.service.behaviour = { hang: true };
    const client = await connect(kind);
    const leaving = new AbortController();
    const pending = client.callTool({ name: 'bedrock_invoke', arguments: { prompt: 'hi' } }, undefined, {
      signal: leaving.signal,
    });
    pending.catch(() => undefined);
    await until(() => face.service.invocations.length === 1, 'the call began');
    leaving.abort();
    await until(() => face.service.invocations[0]?.aborted === true, 'the cancel arrived');
    await expect(pending).rejects.toThrow();
  });

  it('never gets an answer of another client', async () => {
    await start();
    const [left, right] = [await connect(kind), await connect(kind)];
    const asked = Array.from({ length: 200 }, (_, index) => ({
      client: index % 2 ? left : right,
      prompt: `n${index}`,
    }));
    const answers = await Promise.all(asked.map(({ client, prompt }) => ask(client, 'bedrock_invoke', { prompt })));
    expect(answers.map(({ structuredContent }) => (structuredContent as { text: string }).text)).toEqual(
      asked.map(({ prompt }) => `echo: ${prompt}`),
    );
  });

  it('gets the answer of a running call when the server closes, and new ones are refused', async () => {
    await start();
    let open = () => {};
    face.service.behaviour = { gate: new Promise<void>((resolve) => (open = resolve)) };
    const client = await connect(kind);
    const pending = ask(client, 'bedrock_invoke', { prompt: 'hi' });
    await until(() => face.service.invocations.length === 1, 'the call began');
    const closing = face.close();
    expect(await send(face.url, { path: '/readyz' })).toMatchObject({ status: 503, text: '{"status":"stopping"}' });
    expect((await post(face.url, initialize())).status).toBe(503);
    expect((await send(face.url, { path: '/sse' })).status).toBe(503);
    await expect(client.ping()).rejects.toThrow();
    open();
    expect(textOf(await pending)).toContain('echo: hi');
    await closing;
    await expect(send(face.url, { path: '/livez' })).rejects.toThrow();
    face = await startHttp();
  });
});

describe('sessions of /mcp', () => {
  it('are opened by initialize, ended by DELETE, and unknown afterwards', async () => {
    await start();
    const session = await openSession(face.url);
    expect(session['mcp-session-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await post(face.url, ping, session)).status).toBe(200);
    expect((await send(face.url, { method: 'DELETE', path: '/mcp', headers: session })).status).toBe(200);
    const gone = await post(face.url, ping, session);
    expect(gone.status).toBe(404);
    expect(JSON.parse(gone.text)).toMatchObject({
      id: null,
      error: { code: -32_001, message: expect.any(String) },
    });
  });

  it.each<[string, Record<string, string>, number]>([
    ['none', {}, 400],
    ['a guessed one', { 'mcp-session-id': 'guessed' }, 404],
    ['__proto__', { 'mcp-session-id': '__proto__' }, 404],
  ])('with the id %s', async (_, headers, status) => {
    await start();
    for (const method of ['GET', 'DELETE']) {
      expect((await send(face.url, { method, path: '/mcp', headers })).status).toBe(status);
    }
    expect((await post(face.url, ping, headers)).status).toBe(status);
  });

  it('refuse a protocol version nobody knows', async () => {
    await start();
    const headers = { ...(await openSession(face.url)), 'mcp-protocol-version': '1999-01-01' };
    expect((await post(face.url, ping, headers)).status).toBe(400);
  });

  it('are not opened for a client that cannot read the answer', async () => {
    await start();
    const reply = await post(face.url, initialize(), { accept: 'text/html' });
    expect(reply.status).toBe(406);
    expect(reply.headers['mcp-session-id']).toBeUndefined();
  });

  it('refuse an id that is still running', async () => {
    await start();
    face.service.behaviour = { hang: true };
    const session = await openSession(face.url);
    const first = post(face.url, call(5, 'x'), session);
    await until(() => face.service.invocations.length === 1, 'the call began');
    expect((await post(face.url, call(5, 'y'), session)).status).toBe(400);
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 5 } };
    expect((await post(face.url, cancel, session)).status).toBe(202);
    await until(() => face.service.invocations[0]?.aborted === true, 'the cancel arrived');
    await send(face.url, { method: 'DELETE', path: '/mcp', headers: session });
    await first;
    expect(face.service.invocations).toHaveLength(1);
  });

  it('make room for a new one by ending the one that was idle for longest', async () => {
    await start({ limits: { maxSessions: 2 } });
    const [oldest, used] = [await openSession(face.url), await openSession(face.url)];
    await post(face.url, ping, oldest);
    const newest = await openSession(face.url);
    expect((await post(face.url, ping, used)).status).toBe(404);
    for (const session of [oldest, newest]) expect((await post(face.url, ping, session)).status).toBe(200);
  });

  it('are never more than allowed when all are in use', async () => {
    await start({ limits: { maxSessions: 1 } });
    face.service.behaviour = { hang: true };
    const session = await openSession(face.url);
    const busy = post(face.url, call(5, 'x'), session);
    await until(() => face.service.invocations.length === 1, 'the call began');
    const refused = await post(face.url, initialize());
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    await send(face.url, { method: 'DELETE', path: '/mcp', headers: session });
    await busy;
  });

  it('end when nobody used them for long enough, but not while a client listens', async () => {
    const clock = fakeClock();
    await start({ clock, limits: { sessionIdleMs: 60_000 } });
    const idle = await openSession(face.url);
    const used = await openSession(face.url);
    const { transport } = await streamableClient(face.url);
    await clock.advance(59_000);
    await post(face.url, ping, used);
    await clock.advance(1_000);
    await clock.advance(1_000);
    expect((await post(face.url, ping, idle)).status).toBe(404);
    expect((await post(face.url, ping, used)).status).toBe(200);
    expect((await post(face.url, ping, { 'mcp-session-id': transport.sessionId ?? '' })).status).toBe(200);
    await transport.close();
  });
});

describe('sessions of /sse', () => {
  it('take one message at a time, each to the stream it belongs to', async () => {
    await start({ limits: { maxSessions: 1 } });
    const client = await connect('sse');
    expect((await send(face.url, { path: '/sse' })).status).toBe(503);
    await client.close();
    expect((await post(face.url, ping, {}, '/messages?sessionId=guessed')).status).toBe(404);
    expect((await post(face.url, ping, {}, '/messages')).status).toBe(404);
  });

  it('refuse batches and malformed messages', async () => {
    await start();
    const stream = await fetch(`${face.url}/sse`);
    const reader = stream.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    const path = /data: (\S+)/.exec(first)?.[1] ?? '';
    expect((await post(face.url, [ping], {}, path)).status).toBe(400);
    expect((await post(face.url, '{', {}, path)).status).toBe(400);
    expect((await post(face.url, ping, {}, path)).status).toBe(202);
    await reader?.cancel();
  });
});

it('closes with calls that never end', async () => {
  await start({ limits: { drainMs: 20 } });
  face.service.behaviour = { hang: true };
  const client = await connect('streamable');
  const pending = ask(client, 'bedrock_invoke', { prompt: 'x' });
  pending.catch(() => undefined);
  await until(() => face.service.invocations.length === 1, 'the call began');
  await face.close();
  expect(face.service.invocations[0]?.aborted).toBe(true);
  face = await startHttp();
});
