import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { McpConnection } from '../../src/server/protocol-2025/mcp-connection.js';
import { fakeClock } from '../support/fake-clock.js';
import { decision, firstTarget } from '../support/fake-service.js';
import { ask, caller, createFace, newClient, until } from './support/face.js';

const clock = fakeClock();
let face: ReturnType<typeof createFace>;
let connection: McpConnection;
let client: Client;

beforeEach(async () => {
  face = createFace({ clock });
  connection = face.connector(caller);
  client = newClient();
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await connection.connect(serverSide);
  await client.connect(clientSide);
});
afterEach(() => client.close());

/** A client without manners: writes any message and keeps every answer. */
async function rawClient() {
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  const answers: JSONRPCMessage[] = [];
  clientSide.onmessage = (message) => answers.push(message);
  const raw = face.connector(caller);
  await raw.connect(serverSide);
  await clientSide.start();
  const call = (
    id: number | string,
    params: Record<string, unknown> = { name: 'bedrock_invoke', arguments: { prompt: 'x' } },
  ) => clientSide.send({ jsonrpc: '2.0', id, method: 'tools/call', params });
  return { raw, answers, call, close: () => clientSide.close() };
}

describe('one client', () => {
  it('is answered to a ping', async () => {
    await expect(client.ping()).resolves.toEqual({});
  });

  it('sees progress of a call it gave a token for', async () => {
    const events = [
      { type: 'route-decided', decision },
      { type: 'attempt-started', target: firstTarget, number: 1 },
    ] as const;
    let open = () => {};
    face.service.behaviour = { events, gate: new Promise<void>((resolve) => (open = resolve)) };
    const seen: { progress: number; message?: string | undefined }[] = [];
    const call = client.callTool({ name: 'bedrock_invoke', arguments: { prompt: 'x' } }, undefined, {
      onprogress: (progress) => seen.push(progress),
    });
    await until(() => seen.length === 1, 'first progress');
    await clock.advance(300);
    await clock.advance(2_000);
    await clock.advance(2_000);
    open();
    await call;
    expect(seen.map(({ progress }) => progress)).toEqual([1, 2, 3, 4]);
    expect(seen[0]?.message).toBe('Chose us.amazon.nova-pro-v1:0 for code');
    expect(seen[1]?.message).toContain('Asking us.amazon.nova-pro-v1:0');
    expect(seen[3]?.message).toMatch(/\(4 s\)$/);
  });

  it('may leave the arguments of a call out', async () => {
    const { answers, call, close } = await rawClient();
    await call(1, { name: 'bedrock_health' });
    await until(() => answers.length === 1, 'the answer came');
    expect(answers[0]).toMatchObject({ id: 1, result: { structuredContent: { version: '1.2.3' } } });
    await close();
  });

  it('is told no progress it did not ask for', async () => {
    await ask(client, 'bedrock_invoke', { prompt: 'x' });
    expect(face.service.invocations[0]?.options.onEvent).toBeUndefined();
  });

  it('ends a call by cancelling it', async () => {
    face.service.behaviour = { hang: true };
    const leaving = new AbortController();
    const call = client.callTool({ name: 'bedrock_invoke', arguments: { prompt: 'x' } }, undefined, {
      signal: leaving.signal,
    });
    await until(() => face.service.invocations.length === 1, 'the call began');
    leaving.abort('no longer needed');
    await expect(call).rejects.toThrow('no longer needed');
    await connection.idle();
    expect(face.service.invocations[0]?.aborted).toBe(true);
    expect(connection.requestsInFlight()).toBe(0);
  });

  it('ends its calls by going away', async () => {
    face.service.behaviour = { hang: true };
    const call = ask(client, 'bedrock_invoke', { prompt: 'x' });
    call.catch(() => undefined);
    await until(() => face.service.invocations.length === 1, 'the call began');
    await client.close();
    await connection.idle();
    expect(face.service.invocations[0]?.aborted).toBe(true);
  });
});

describe('request ids', () => {
  it('refuses one that is still running and keeps the first call', async () => {
    let open = () => {};
    face.service.behaviour = { gate: new Promise<void>((resolve) => (open = resolve)) };
    const { raw, answers, call, close } = await rawClient();
    await call(7);
    await until(() => raw.isRunning(7), 'the first call runs');
    await call(7);
    await until(() => answers.length === 1, 'the second is refused');
    expect(answers[0]).toMatchObject({ id: 7, error: { code: -32_600 } });
    expect(raw.isRunning('7')).toBe(false);
    open();
    await until(() => answers.length === 2, 'the first is answered');
    expect(answers[1]).toMatchObject({ id: 7, result: { structuredContent: { text: 'echo: x' } } });
    await close();
  });

  it('are bounded in number', async () => {
    face.service.behaviour = { hang: true };
    const { raw, answers, call, close } = await rawClient();
    for (let id = 1; id <= 257; id += 1) await call(id);
    await until(() => answers.length === 1, 'one is refused');
    expect(answers[0]).toMatchObject({
      id: 257,
      result: { isError: true, structuredContent: { error: { category: 'rate_limit', retry_after_ms: 1_000 } } },
    });
    expect(raw.requestsInFlight()).toBe(256);
    await close();
    await raw.idle();
  });
});
