import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { openLibsql } from '../../src/storage/sqlite/libsql-driver.js';
import {
  callTool,
  connectOverHttp,
  type HttpServerProcess,
  type InvokeResult,
  type ServerFolder,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/* The server is ended at random moments under load, while the service that it calls goes on and knows what it served. */

/** `LEDGER_KILLS=30 npm test -- tests/e2e/ledger-crash.test.ts` is the long run. */
const kills = Number(process.env['LEDGER_KILLS'] ?? 3);
const callers = 8;
const limitMs = 60_000 + kills * 40_000;
const model = 'amazon.nova-lite-v1:0';

let sandbox: TestSandbox;
const folders: ServerFolder[] = [];
const servers: HttpServerProcess[] = [];

beforeAll(async () => {
  sandbox = await startTestSandbox();
  await sandbox.control.latency({ firstTokenMs: 5 });
});
afterAll(async () => {
  for (const server of servers) server.process.kill('SIGKILL');
  await sandbox.close();
  for (const folder of folders) folder.remove();
});

function newFolder(): ServerFolder {
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const folder = serverFolder({
    AWS_BEDROCK_REGION: 'us-east-1',
    AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
    AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
    BEDROCK_LOG_LEVEL: 'error',
  });
  folders.push(folder);
  return folder;
}

async function start(folder: ServerFolder): Promise<HttpServerProcess> {
  const server = await startHttpServer([], folder.env);
  servers.push(server);
  return server;
}

interface Answered {
  readonly requestId: string;
  readonly costNano: number;
}

/** Callers that ask one question after the other until nobody answers; ended by hand, for they wait long for the dead. */
function load(url: string, answered: Answered[]): () => Promise<void> {
  const clients: Client[] = [];
  const ask = async (client: Client): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const args = { prompt: `${Math.random()} ${count}`, model, max_tokens: 20, cache: 'bypass' };
      const { result, isError } = await callTool<InvokeResult & { request_id: string }>(client, 'bedrock_invoke', args);
      if (isError) return;
      answered.push({ requestId: result.request_id, costNano: Math.round(result.cost_usd * 1e9) });
    }
  };
  const one = async () => {
    const client = await connectOverHttp(url);
    clients.push(client);
    await ask(client);
  };
  const loading = Promise.allSettled(Array.from({ length: callers }, one));
  return async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    await loading;
  };
}

async function untilAnswered(answered: readonly Answered[], count: number): Promise<void> {
  while (answered.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function rowsIn(folder: ServerFolder) {
  const driver = await openLibsql(join(folder.env['BEDROCK_DATA_DIR'] ?? '', 'ledger.db'));
  const rows = driver.all('SELECT attempt_id, request_id, cost_nano, recovered FROM attempts', []);
  const intents = driver.all('SELECT attempt_id FROM intents', []);
  driver.close();
  return { rows, intents };
}

const served = async (): Promise<number> =>
  (await sandbox.control.calls()).filter(({ operation }) => /converse/i.test(operation ?? '')).length;

function missing(answered: readonly Answered[], rows: Awaited<ReturnType<typeof rowsIn>>['rows']): readonly Answered[] {
  const settled = new Map<string, number>();
  for (const { request_id, cost_nano, recovered } of rows) {
    const before = settled.get(String(request_id)) ?? 0;
    if (recovered === 0) settled.set(String(request_id), before + Number(cost_nano));
  }
  return answered.filter(({ requestId, costNano }) => settled.get(requestId) !== costNano);
}

it(
  `loses no answered call and counts none twice in ${kills} kills at random moments`,
  async () => {
    await sandbox.control.clearCalls();
    const folder = newFolder();
    const answered: Answered[] = [];
    let calls = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const server = await start(folder);
      const before = answered.length;
      const endLoad = load(server.url, answered);
      await untilAnswered(answered, before + 10 + Math.floor(Math.random() * 40));
      server.process.kill('SIGKILL');
      await endLoad();
      calls += await served();
      await sandbox.control.clearCalls();
    }
    const last = await start(folder);
    const client = await connectOverHttp(last.url);
    // A call needs the ledger, so that it was opened and what was open was booked.
    await callTool(client, 'bedrock_cost_report', { period: 'today' });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await last.stop()).toBe(0);

    const { rows, intents } = await rowsIn(folder);
    const settled = rows.filter(({ recovered }) => recovered === 0);
    expect(answered.length).toBeGreaterThanOrEqual(10 * kills);
    expect(missing(answered, rows)).toEqual([]);
    expect(intents).toEqual([]);
    // A served call is in a row, settled or estimated; an attempt that was killed before it was sent is in one as well.
    expect(settled.length).toBeLessThanOrEqual(calls);
    expect(rows.length).toBeGreaterThanOrEqual(calls);
    expect(rows.length - settled.length).toBeLessThanOrEqual(kills * callers);
  },
  limitMs,
);

it('books everything and leaves nothing open when it is told to stop under load', async () => {
  await sandbox.control.clearCalls();
  const folder = newFolder();
  const server = await start(folder);
  const answered: Answered[] = [];
  const endLoad = load(server.url, answered);
  await untilAnswered(answered, 30);
  expect(await server.stop()).toBe(0);
  await endLoad();
  const { rows, intents } = await rowsIn(folder);
  expect(missing(answered, rows)).toEqual([]);
  expect(intents).toEqual([]);
  expect(rows.filter(({ recovered }) => recovered === 1)).toEqual([]);
  expect(rows.length).toBe(await served());
}, 120_000);
