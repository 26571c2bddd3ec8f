import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { version } from '../../src/version.js';
import {
  type CostReportResult,
  callTool,
  connectOverHttp,
  connectOverStdio,
  type ErrorResult,
  type InvokeResult,
  serverEntry,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';
import { startTestSandbox } from '../support/sandbox.js';

/* Start, cancel, stop, and several processes at once, as they happen to the built server. */

const run = promisify(execFile);

async function withSandbox(env: Record<string, string>, use: (parts: Parts) => Promise<void>): Promise<void> {
  const sandbox = await startTestSandbox();
  const folder = serverFolder({
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
    AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
    AWS_BEDROCK_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
    AWS_BEDROCK_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
    ...env,
  });
  try {
    await use({ sandbox, env: folder.env });
  } finally {
    await sandbox.close();
    folder.remove();
  }
}

interface Parts {
  readonly sandbox: Awaited<ReturnType<typeof startTestSandbox>>;
  readonly env: Record<string, string>;
}

/** The server also asks for lists of models by itself; those calls do not count. */
const modelCalls = async (sandbox: Parts['sandbox']) =>
  (await sandbox.control.calls()).filter(({ operation }) => operation?.startsWith('Converse') === true);

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it did not come about within five seconds');
};

/** So slow that every call is still running when the test acts. */
const slow = { firstTokenMs: 50, tokensPerSecond: 5 };
const longQuestion = { prompt: 'Tell a long story.', model: 'nova-lite', max_tokens: 500, cache: 'bypass' };

it('tells the version of the package', () => {
  const { version: published } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(version).toBe(published);
});

it('starts from mcp.json as it is written', async () => {
  const { mcpServers } = JSON.parse(readFileSync('mcp.json', 'utf8')) as {
    mcpServers: { bedrock: { command: string; args: string[]; env: Record<string, string> } };
  };
  const folder = serverFolder();
  const { command, args, env } = mcpServers.bedrock;
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StdioClientTransport({ command, args, env: { ...folder.env, ...env }, stderr: 'ignore' }));
  expect((await client.listTools()).tools.length).toBeGreaterThan(5);
  await client.close();
  folder.remove();
});

it('shows the main job in the demo', async () => {
  const folder = serverFolder();
  const { stdout } = await run(process.execPath, ['scripts/demo.mjs'], { env: folder.env, timeout: 60_000 });
  expect(stdout).toContain('Everything worked.');
  expect(stdout).toContain('Connected over HTTP');
  folder.remove();
}, 60_000);

describe.each(['stdio', 'http'])('a cancel over %s', (transport) => {
  it('reaches the socket to Bedrock, and what was consumed is booked', async () => {
    await withSandbox({}, async ({ sandbox, env }) => {
      await sandbox.control.latency(slow);
      const http = transport === 'http' ? await startHttpServer([], env) : undefined;
      const stdio = http ? undefined : await connectOverStdio([], env);
      const client = http ? await connectOverHttp(http.url) : (stdio?.client ?? new Client({ name: '', version: '' }));
      const cancel = new AbortController();
      const call = client.callTool({ name: 'bedrock_invoke', arguments: longQuestion }, undefined, {
        signal: cancel.signal,
      });
      const refused = expect(call).rejects.toThrow();
      const recorded = () => modelCalls(sandbox);
      await until(async () => (await recorded()).length > 0);
      cancel.abort();
      await refused;
      await until(async () => (await recorded()).some(({ aborted }) => aborted));
      const report = () => callTool<CostReportResult>(client, 'bedrock_cost_report', { period: 'today' });
      await until(async () => (await report()).result.budgets[0]?.reserved_usd === 0);
      await client.close();
      await http?.stop();
    });
  });
});

it('lets running calls finish when it is told to stop, and exits with 0', async () => {
  await withSandbox({}, async ({ sandbox, env }) => {
    await sandbox.control.latency({ firstTokenMs: 300, tokensPerSecond: 0 });
    const server = await startHttpServer([], env);
    const client = await connectOverHttp(server.url);
    const call = callTool<InvokeResult>(client, 'bedrock_invoke', { ...longQuestion, max_tokens: 20 });
    await until(async () => (await modelCalls(sandbox)).length > 0);
    const exitCode = server.stop();
    expect((await call).result.source).toBe('bedrock');
    expect(await exitCode).toBe(0);
    await client.close().catch(() => undefined);
  });
});

it('ends a call at its own deadline', async () => {
  await withSandbox({}, async ({ sandbox, env }) => {
    await sandbox.control.latency(slow);
    const server = await connectOverStdio([], env);
    const ask = { ...longQuestion, timeout_ms: 400 };
    const { result, isError } = await callTool<ErrorResult>(server.client, 'bedrock_invoke', ask);
    expect(isError).toBe(true);
    expect(result.error).toMatchObject({ category: 'timeout', retryable: true });
    await server.close();
  });
});

it('keeps one daily limit over several processes', async () => {
  await withSandbox({ BEDROCK_DAILY_COST_LIMIT: '0.001' }, async ({ env }) => {
    const servers = await Promise.all([connectOverStdio([], env), connectOverStdio([], env)]);
    const ask = { prompt: 'Count.', model: 'nova-micro', max_tokens: 1_000, cache: 'bypass', fallback: false };
    const calls = servers.flatMap(({ client }) =>
      [...Array(20)].map(() => callTool<InvokeResult & ErrorResult>(client, 'bedrock_invoke', ask)),
    );
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ isError }) => isError);
    expect(refused.length).toBeGreaterThan(0);
    for (const { result } of refused) expect(result.error.category).toBe('budget_exceeded');
    const spent = answers.reduce((sum, { result, isError }) => sum + (isError ? 0 : result.cost_usd), 0);
    expect(spent).toBeGreaterThan(0);
    expect(spent).toBeLessThanOrEqual(0.001);
    const [first] = servers;
    const report = await callTool<CostReportResult>(first.client, 'bedrock_cost_report', { period: 'today' });
    expect(report.result.totals.cost_usd).toBeCloseTo(spent, 9);
    await Promise.all(servers.map((server) => server.close()));
  });
}, 120_000);

it('answers on the command line, for people and for programs', async () => {
  const folder = serverFolder({ BEDROCK_SANDBOX: 'true' });
  const command = (...args: string[]) => run(process.execPath, [serverEntry, ...args], { env: folder.env });
  expect((await command('--version')).stdout.trim()).toBe(version);
  expect((await command('--help')).stdout).toContain('doctor');
  expect(JSON.parse((await command('invoke', 'Hello', '--json')).stdout)).toMatchObject({ source: 'sandbox' });
  expect(
    JSON.parse((await command('route', 'Write a Rust function that sorts a list.', '--json')).stdout),
  ).toMatchObject({ task: 'code' });
  expect((await command('models', '--json')).stdout).toContain('amazon.nova-lite-v1:0');
  expect((await command('usage')).stdout).toMatch(/\$/);
  expect((await command('doctor')).stdout).toMatch(/✓ bedrock/);
  expect((await command('config', 'print')).stdout).toContain('BEDROCK_CACHE_TTL');
  await expect(command('invoke')).rejects.toMatchObject({ code: 2 });
  await expect(command('invoke', 'Hello', '--model', 'no-such-model')).rejects.toMatchObject({ code: 1 });
  folder.remove();
}, 180_000);
