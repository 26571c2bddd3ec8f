import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type ConnectedServer,
  type CostReportResult,
  callTool,
  connectOverHttp,
  connectOverStdio,
  type ErrorResult,
  type HttpServerProcess,
  type ServerFolder,
  serverEntry,
  serverFolder,
  startHttpServer,
} from '../support/built-server.js';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.js';

/* Whatever comes in: a clear typed error, the server lives on, nothing is sent and nothing is booked. */

const question = { prompt: 'Hello' };
const aMessage = { role: 'user', content: 'Hello' };
const deep = (levels: number): unknown => (levels === 0 ? 'x' : { deeper: deep(levels - 1) });

const badArguments: readonly (readonly [what: string, args: Record<string, unknown>, message: RegExp])[] = [
  ['an unknown model', { ...question, model: 'claude-sonet' }, /claude-sonnet/],
  ['both prompt and messages', { ...question, messages: [aMessage] }, /not both/],
  ['neither prompt nor messages', {}, /prompt/],
  ['an empty prompt', { prompt: '  ' }, /empty/],
  ['NaN, which JSON turns into null', { ...question, temperature: Number.NaN }, /temperature/],
  ['a negative number', { ...question, max_tokens: -1 }, /max_tokens/],
  ['a huge number', { ...question, max_tokens: 1e300 }, /max_tokens/],
  ['a number as text', { ...question, max_tokens: '12' }, /max_tokens/],
  ['an unknown argument', { ...question, max_token: 5 }, /max_token.*max_tokens/s],
  ['a wrong type', { prompt: 5 }, /prompt/],
  [
    'invalid base64',
    { messages: [{ role: 'user', content: [{ type: 'image', format: 'png', data: '%%%' }] }] },
    /base64/,
  ],
  [
    'a tool with a broken schema',
    { ...question, tools: [{ name: 'add', description: 'Adds.', input_schema: { type: 'objekt' } }] },
    /add.*schema|schema.*add/s,
  ],
  ['arguments nested too deep', { ...question, tags: deep(100) }, /deep/i],
  ['a lone surrogate', { prompt: 'Hello \ud800' }, /Unicode|surrogate/i],
  ['a cost limit nobody can keep', { ...question, max_cost_usd: 0.000000001 }, /max_cost_usd/],
  ['an ARN that hides its model', { ...question, model: 'arn:aws:bedrock:us-east-1:123456789012:nothing/x' }, /ARN/i],
];

const connections = ['stdio', 'http'] as const;

describe.each(connections)('bad input over %s', (transport) => {
  let folder: ServerFolder;
  let sandbox: TestSandbox;
  let client: Client;
  let end: () => Promise<void>;

  beforeAll(async () => {
    sandbox = await startTestSandbox();
    folder = serverFolder({
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
      AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
      AWS_BEDROCK_ACCESS_KEY_ID: sandbox.credentials.accessKeyId,
      AWS_BEDROCK_SECRET_ACCESS_KEY: sandbox.credentials.secretAccessKey,
    });
    if (transport === 'stdio') {
      const server: ConnectedServer = await connectOverStdio([], folder.env);
      ({ client } = server);
      end = () => server.close();
    } else {
      const server: HttpServerProcess = await startHttpServer([], folder.env);
      client = await connectOverHttp(server.url);
      end = async () => {
        await client.close();
        await server.stop();
      };
    }
  });
  afterAll(async () => {
    await end();
    await sandbox.close();
    folder.remove();
  });

  it.each(badArguments)('%s gets a typed error that names it', async (_, args, message) => {
    const { result, isError, text } = await callTool<ErrorResult>(client, 'bedrock_invoke', args);
    expect(isError).toBe(true);
    expect(result.error.category).toMatch(/validation|budget_exceeded/);
    expect(`${result.error.message} ${result.error.remedy}`).toMatch(message);
    expect(text).toContain(result.error.message);
    expect(result.error.request_id).not.toBe('');
  });

  it('a prompt of 30 MB is refused with the limit', async () => {
    const call = callTool<ErrorResult>(client, 'bedrock_invoke', { prompt: 'x'.repeat(30 * 1024 * 1024) });
    if (transport === 'http') await expect(call).rejects.toThrow(/larger than 31457280 bytes/);
    else expect((await call).result.error.message).toMatch(/25,?000,?000|25 MB|bytes/i);
  }, 30_000);

  it('nothing was sent, nothing was booked, and the next good call works', async () => {
    const inferences = (await sandbox.control.calls()).filter(({ operation }) =>
      /converse|invoke/i.test(`${operation}`),
    );
    expect(inferences).toEqual([]);
    const { result } = await callTool<CostReportResult>(client, 'bedrock_cost_report', { period: 'today' });
    expect(result.totals).toMatchObject({ calls: 0, cost_usd: 0 });
    expect(result.budgets[0]).toMatchObject({ spent_usd: 0, reserved_usd: 0 });
    expect((await callTool(client, 'bedrock_invoke', question)).isError).toBe(false);
  });
});

describe('AWS does not let us in', () => {
  const cases: readonly (readonly [what: string, env: Record<string, string>, category: string, says: RegExp])[] = [
    ['no credentials', {}, 'authentication', /AWS_BEDROCK_ACCESS_KEY_ID/],
    [
      'a wrong key',
      { AWS_BEDROCK_ACCESS_KEY_ID: 'AKIAWRONGWRONGWRONG0', AWS_BEDROCK_SECRET_ACCESS_KEY: 'x' },
      'authentication',
      /credentials|key/i,
    ],
    ['a wrong secret', { AWS_BEDROCK_SECRET_ACCESS_KEY: 'wrong' }, 'authentication', /secret|signature|credentials/i],
    [
      'a region that cannot serve the model',
      { AWS_BEDROCK_REGION: 'af-south-1' },
      'model_unavailable',
      /BEDROCK_ALLOWED_GEOGRAPHIES|AWS_BEDROCK_REGION/,
    ],
  ];

  it.each(cases)('%s: says what is wrong and what to do, and stays up', async (what, env, category, says) => {
    const sandbox = await startTestSandbox();
    const { accessKeyId, secretAccessKey } = sandbox.credentials;
    const keys = { AWS_BEDROCK_ACCESS_KEY_ID: accessKeyId, AWS_BEDROCK_SECRET_ACCESS_KEY: secretAccessKey };
    const folder = serverFolder({
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME: sandbox.url,
      AWS_ENDPOINT_URL_BEDROCK: sandbox.url,
      ...(what === 'no credentials' ? {} : keys),
      ...env,
    });
    const server = await connectOverStdio([], folder.env);
    const ask = { prompt: 'Hello', model: 'claude-sonnet', fallback: false };
    const { result, isError } = await callTool<ErrorResult>(server.client, 'bedrock_invoke', ask);
    expect(isError).toBe(true);
    expect(result.error.category).toBe(category);
    expect(`${result.error.message} ${result.error.remedy}`).toMatch(says);
    expect(JSON.stringify(result)).not.toContain(secretAccessKey);
    expect(server.stderr()).not.toContain(secretAccessKey);
    expect((await callTool(server.client, 'bedrock_models', { status: 'active' })).isError).toBe(false);
    await server.close();
    await sandbox.close();
    folder.remove();
  });
});

describe('a wrong configuration stops the start', () => {
  const start = async (env: Record<string, string>) => {
    const folder = serverFolder(env);
    const child = spawn(process.execPath, [serverEntry], { env: folder.env, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      output.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output.stderr += chunk.toString();
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    folder.remove();
    return { code, ...output };
  };

  it.each([
    ['an unknown name', { BEDROCK_CACHE_TLL: '5' }, /BEDROCK_CACHE_TLL.*BEDROCK_CACHE_TTL/],
    ['a wrong value', { BEDROCK_DAILY_COST_LIMIT: '-3' }, /BEDROCK_DAILY_COST_LIMIT.*-3/],
    ['a region that is none', { AWS_BEDROCK_REGION: 'moon' }, /AWS_BEDROCK_REGION.*moon/],
    ['an unreadable file', { BEDROCK_CONFIG_FILE: 'no-such-file.yaml' }, /BEDROCK_CONFIG_FILE/],
  ])('%s', async (_, env, says) => {
    const { code, stdout, stderr } = await start(env);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(stdout).toBe('');
  });

  it('never prints a secret', async () => {
    const secret = 'a-secret-with spaces';
    const { code, stderr } = await start({ AWS_BEDROCK_SECRET_ACCESS_KEY: secret, AWS_BEDROCK_ACCESS_KEY_ID: 'AKIA' });
    expect(code).toBe(2);
    expect(stderr).toContain('AWS_BEDROCK_SECRET_ACCESS_KEY');
    expect(stderr).not.toContain(secret);
  });
});
