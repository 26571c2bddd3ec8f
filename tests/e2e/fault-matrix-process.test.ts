import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { openLibsql } from '../../src/storage/sqlite/libsql-driver.js';
import {
  type CostReportResult,
  callTool,
  connectOverHttp,
  type ErrorResult,
  type HttpServerProcess,
  type InvokeResult,
  type ServerFolder,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';
import { startRedis, stopAllRedis } from '../support/redis-server.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';
import { until as untilOften } from '../support/until.js';

/* Faults of the server's process, its disk and its files: rows F25 to F28 and F33 of the fault matrix, on the built server. */

const model = 'amazon.nova-lite-v1:0';
const ask = { model, max_tokens: 100, cache: 'bypass', fallback: false };

let sandbox: TestSandbox;
const folders: ServerFolder[] = [];
const running: { server: HttpServerProcess; client: Client }[] = [];

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
beforeEach(() => sandbox.control.reset());
afterEach(async () => {
  for (const { server, client } of running.splice(0)) {
    await client.close().catch(() => undefined);
    server.process.kill('SIGKILL');
  }
  for (const folder of folders.splice(0)) folder.remove();
});
afterAll(() => Promise.all([sandbox.close(), stopAllRedis()]));

function newFolder(env: Record<string, string> = {}): ServerFolder {
  const { accessKeyId, secretAccessKey } = sandbox.credentials;
  const folder = serverFolder({
    AWS_BEDROCK_REGION: 'us-east-1',
    AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL: sandbox.url,
    BEDROCK_MAX_CONCURRENT_REQUESTS: '100',
    BEDROCK_MAX_CONCURRENT_PER_MODEL: '100',
    BEDROCK_LOG_LEVEL: 'error',
    ...env,
  });
  folders.push(folder);
  return folder;
}

async function start({ env }: ServerFolder, starter: readonly string[] = []) {
  const server = await startHttpServer([], env, starter);
  const started = { server, client: await connectOverHttp(server.url) };
  running.push(started);
  return started;
}

/** Each look asks the server. */
const until = (condition: () => Promise<boolean>, limitMs?: number) =>
  untilOften(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return condition();
  }, limitMs);

const dataDirOf = ({ env }: ServerFolder): string => env['BEDROCK_DATA_DIR'] ?? '';
const invoke = (client: Client, prompt: string) =>
  callTool<InvokeResult & ErrorResult>(client, 'bedrock_invoke', { ...ask, prompt });
const invokeMany = (client: Client, count: number) =>
  Promise.all(Array.from({ length: count }, (_, index) => invoke(client, `Question ${index}`)));
const costsOf = async (client: Client) =>
  (await callTool<CostReportResult>(client, 'bedrock_cost_report', { period: 'today' })).result;
const sumOf = (answers: readonly { result: InvokeResult; isError: boolean }[]): number =>
  answers.reduce((sum, { result, isError }) => sum + (isError ? 0 : result.cost_usd), 0);
const reached = async (): Promise<number> =>
  (await sandbox.control.calls()).filter(({ operation }) => operation === 'ConverseStream').length;

async function rowsOf(folder: ServerFolder) {
  const driver = await openLibsql(join(dataDirOf(folder), 'ledger.db'));
  const rows = driver.all('SELECT attempt_id, cost_nano, recovered FROM attempts', []);
  const intents = driver.all('SELECT attempt_id FROM intents', []);
  driver.close();
  return { rows, intents };
}

describe('fault matrix: process and disk', () => {
  it('F25 the disk is full: paid calls are refused by policy, reads go on, and it works again when there is room', async () => {
    const folder = newFolder({ BEDROCK_LEDGER_ON_LOSS: 'closed' });
    const dataDir = dataDirOf(folder);
    // A small disk of its own, seen by the server only.
    const script = `mount -t tmpfs -o size=12m tmpfs ${dataDir} && exec "$0" "$@"`;
    const { server, client } = await start(folder, ['unshare', '-rm', 'sh', '-c', script]);
    const before = await invokeMany(client, 3);
    expect(before.map(({ isError }) => isError)).toEqual([false, false, false]);

    const ballast = join(`/proc/${server.process.pid}/root`, dataDir, 'ballast');
    await expect(writeFile(ballast, Buffer.alloc(16_000_000))).rejects.toThrow('ENOSPC');
    const refused = await invoke(client, 'on a full disk');
    expect(refused.isError).toBe(true);
    expect(refused.result.error).toMatchObject({
      message: expect.stringContaining('full'),
      remedy: expect.any(String),
    });
    expect(refused.text).not.toContain(dataDir);
    expect(await reached()).toBe(3);
    expect((await costsOf(client)).totals.calls).toBe(3);

    await rm(ballast);
    const after: Awaited<ReturnType<typeof invoke>>[] = [];
    await until(async () => {
      const answer = await invoke(client, 'with room again');
      if (!answer.isError) after.push(answer);
      return !answer.isError;
    });
    const { totals, budgets } = await costsOf(client);
    expect(totals).toMatchObject({ calls: 4, cost_usd: expect.closeTo(sumOf([...before, ...after]), 9) });
    expect(budgets[0]?.reserved_usd).toBe(0);
    expect(await server.stop()).toBe(0);
  }, 60_000);

  it('F26 SIGTERM with 50 answers on their way: all arrive, new calls are refused, every row is there, exit 0', async () => {
    await sandbox.control.latency({ firstTokenMs: 1_500, tokensPerSecond: 200 });
    const folder = newFolder();
    const { server, client } = await start(folder);
    const answers = invokeMany(client, 50);
    await until(async () => (await reached()) === 50);
    const exitCode = server.stop();
    const isRefusing = async () =>
      (await fetch(`${server.url}/readyz`).then(
        ({ status }) => status === 503,
        () => true,
      )) === true;
    await until(isRefusing);
    expect((await answers).filter(({ isError }) => isError)).toEqual([]);
    expect(await exitCode).toBe(0);
    const { rows, intents } = await rowsOf(folder);
    expect([rows.length, intents.length]).toEqual([50, 0]);
    expect(rows.reduce((sum, { cost_nano }) => sum + Number(cost_nano), 0)).toBeCloseTo(sumOf(await answers) * 1e9, 0);
  }, 60_000);

  it('F27 SIGKILL with 20 answers on their way: each is booked once at its estimate, and counts in the budget once', async () => {
    const limitUsd = 1;
    await sandbox.control.latency({ firstTokenMs: 60_000 });
    const folder = newFolder({ BEDROCK_DAILY_COST_LIMIT: `${limitUsd}`, BEDROCK_FIRST_TOKEN_TIMEOUT: '100' });
    const { server, client } = await start(folder);
    invokeMany(client, 20).catch(() => undefined);
    await until(async () => (await reached()) === 20);
    const exited = new Promise((resolve) => server.process.once('exit', resolve));
    server.process.kill('SIGKILL');
    await exited;

    const again = await start(folder);
    await until(async () => (await costsOf(again.client)).totals.calls === 20, 30_000);
    const { totals, budgets } = await costsOf(again.client);
    expect(totals.cost_usd).toBeGreaterThan(0);
    // Held until the lease of the dead server ends, booked afterwards.
    const [{ spent_usd = 0, reserved_usd = 0 } = {}] = budgets;
    expect(spent_usd + reserved_usd).toBeCloseTo(totals.cost_usd, 9);
    expect(spent_usd + reserved_usd).toBeLessThanOrEqual(limitUsd);
    expect(await again.server.stop()).toBe(0);
    const { rows, intents } = await rowsOf(folder);
    expect(new Set(rows.map(({ attempt_id }) => attempt_id)).size).toBe(20);
    expect(rows.every(({ recovered }) => recovered === 1)).toBe(true);
    expect(intents).toEqual([]);
  }, 90_000);

  it('F28 a ledger whose last write was torn: every answered call is in it, and it goes on', async () => {
    const folder = newFolder();
    const { server, client } = await start(folder);
    const answers = await invokeMany(client, 12);
    const exited = new Promise((resolve) => server.process.once('exit', resolve));
    server.process.kill('SIGKILL');
    await exited;
    // Half a frame, as a machine leaves it that loses its power while it writes.
    await appendFile(join(dataDirOf(folder), 'ledger.db-wal'), Buffer.alloc(2_500, 0x5a));

    const again = await start(folder);
    const totals = async () => (await costsOf(again.client)).totals;
    expect(await totals()).toMatchObject({ calls: 12, cost_usd: expect.closeTo(sumOf(answers), 9) });
    const more = await invoke(again.client, 'One more');
    expect(more.isError).toBe(false);
    expect(await totals()).toMatchObject({ calls: 13, cost_usd: expect.closeTo(sumOf([...answers, more]), 9) });
    expect(await again.server.stop()).toBe(0);
  }, 60_000);

  it('F33 two servers race for one budget: together they never spend more than it', async () => {
    const redis = await startRedis();
    const limitUsd = 0.001;
    const env = { BEDROCK_REDIS_URL: redis.url, BEDROCK_DAILY_COST_LIMIT: `${limitUsd}` };
    const servers = [await start(newFolder(env)), await start(newFolder(env))];
    const answers = (await Promise.all(servers.map(({ client }) => invokeMany(client, 60)))).flat();
    const refused = answers.filter(({ isError }) => isError);
    expect(refused.length).toBeGreaterThan(0);
    for (const { result } of refused) expect(result.error.category).toBe('budget_exceeded');
    expect(sumOf(answers)).toBeGreaterThan(0);
    expect(sumOf(answers)).toBeLessThanOrEqual(limitUsd);
    // What a busy Redis did not take in time is sent again some seconds later.
    for (const { client } of servers) {
      const isBooked = async () => {
        const [day] = (await costsOf(client)).budgets;
        return day?.reserved_usd === 0 && Math.abs(day.spent_usd - sumOf(answers)) < 1e-9;
      };
      await until(isBooked, 40_000);
    }
  }, 90_000);
});
