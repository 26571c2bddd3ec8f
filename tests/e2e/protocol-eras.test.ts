import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type HttpServerProcess, startHttpServer } from '../support/built-server.js';
import { untilFound } from '../support/until.js';
import { startWatchedSandbox, type WatchedSandbox } from '../support/watched-server.js';
import { type AnyClient, fiveClients } from './five-clients.js';

/* The same server for clients of both protocol eras, over each transport: same lists, same answers, same cancel. */

let sandbox: WatchedSandbox;
let server: HttpServerProcess;
const clients: Record<string, AnyClient> = {};

beforeAll(async () => {
  sandbox = await startWatchedSandbox();
  const { folder } = sandbox;
  server = await startHttpServer([], folder.env);
  for (const [name, connect] of Object.entries(fiveClients)) {
    clients[name] = await connect({ env: folder.env, url: server.url });
  }
}, 60_000);
afterAll(async () => {
  await Promise.all(Object.values(clients).map((client) => client.close()));
  await server.stop();
  await sandbox.close();
});
beforeEach(async () => {
  await sandbox.control.reset();
});

const clientOf = (name: string): AnyClient => {
  const client = clients[name];
  if (!client) throw new Error(`no client ${name}`);
  return client;
};
const names = Object.keys(fiveClients);
const [reference = ''] = names;

/** Without what differs from call to call: ids, times and the samples that routing draws. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (key, part: unknown) =>
    /(_ms|_id|_us|_at|^routing)$/.test(key) ? undefined : part,
  );
  return JSON.parse(
    text
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}/g, 'ID')
      .replaceAll(/answer-[0-9a-f]{8}/g, 'answer-ID')
      .replaceAll(/\d+(\.\d+)? ?m?s\b/g, 'TIME')
      .replaceAll(/\(request_id [^),]+/g, '(request_id ID'),
  );
}

/** Milliseconds from the client's cancel to the end of the request at Bedrock. */
async function timeToStop(client: AnyClient): Promise<number> {
  await sandbox.control.reset();
  await sandbox.control.faults({ kind: 'stall', afterEvents: 3 });
  const leaving = new AbortController();
  const args = { prompt: `Hello ${Math.random()}`, model: 'nova-lite', cache: 'bypass' };
  const call = client.call('bedrock_invoke', args, { signal: leaving.signal });
  call.catch(() => undefined);
  await untilFound(async () => ((await sandbox.modelCalls()).length > 0 ? true : undefined), 'the model was asked');
  const cancelledMs = performance.now();
  leaving.abort();
  await untilFound(async () => (await sandbox.modelCalls()).find(({ aborted }) => aborted), 'the request ended');
  return performance.now() - cancelledMs;
}

it('each client speaks the revision of its era', () => {
  const versions = names.map((name) => clientOf(name).version());
  expect(versions).toEqual(['2025-11-25', '2025-11-25', '2025-11-25', '2026-07-28', '2026-07-28']);
});

describe.each(names)('a client of %s', (name) => {
  it('sees the same tools, resources, prompts and completions', async () => {
    const seenBy = async (client: AnyClient) => ({
      tools: await client.tools(),
      resources: await client.resources(),
      prompts: await client.prompts(),
      completions: await client.completeModel('nova'),
    });
    const seen = await seenBy(clientOf(name));
    expect(seen).toEqual(await seenBy(clientOf(reference)));
  });

  it('gets the same answer of the same tool', async () => {
    const args = { prompt: 'Say hello.', model: 'nova-lite', cache: 'bypass' };
    const answer = await clientOf(name).call('bedrock_invoke', args);
    expect(answer.isError).toBeFalsy();
    const expected = await clientOf(reference).call('bedrock_invoke', args);
    expect(comparable(answer.structuredContent)).toEqual(comparable(expected.structuredContent));
    expect(comparable(answer.content)).toEqual(comparable(expected.content));
  });

  it.each([
    ['bedrock_invoke', { promt: 'x' }],
    ['bedrock_invoke', { prompt: 'x', model: 'no-such-model' }],
    ['bedrock_nothing', {}],
    ['__proto__', {}],
  ])('gets the same error of %s (%#)', async (tool, args) => {
    const answer = await clientOf(name).call(tool, args);
    expect(answer.isError).toBe(true);
    const expected = await clientOf(reference).call(tool, args);
    expect(comparable(answer.structuredContent)).toEqual(comparable(expected.structuredContent));
  });

  it('is told progress, which goes up', async () => {
    await sandbox.control.latency({ firstTokenMs: 400 });
    const seen: { progress: number; message?: string | undefined }[] = [];
    const args = { prompt: 'Say hello.', model: 'nova-lite', cache: 'bypass' };
    await clientOf(name).call('bedrock_invoke', args, { onprogress: (progress) => seen.push(progress) });
    const values = seen.map(({ progress }) => progress);
    expect(values.length).toBeGreaterThan(0);
    expect(values).toEqual([...new Set(values)].sort((left, right) => left - right));
    expect(seen.some(({ message = '' }) => /^(Asking|Chose)/.test(message))).toBe(true);
  });

  it('stops the request to Bedrock within 200 ms by its cancel', async () => {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) times.push(await timeToStop(clientOf(name)));
    process.stdout.write(`cancel over ${name}: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms\n`);
    // The best of five: on a busy machine the others tell of the machine.
    expect(Math.min(...times)).toBeLessThan(200);
    await expect(clientOf(name).tools()).resolves.toBeDefined();
  }, 60_000);
});
