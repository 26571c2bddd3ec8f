import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';

/* The built server as a process of its own, as users run it. */

export const serverEntry = 'dist/src/main.js';

export interface ServerFolder {
  readonly env: Record<string, string>;
  remove(): void;
}

/** A fresh data directory and an environment without anything of the machine's own AWS set-up. */
export function serverFolder(overrides: Record<string, string> = {}): ServerFolder {
  if (!existsSync(serverEntry)) throw new Error(`${serverEntry} is missing: run \`npm run build\` first`);
  const dataDir = mkdtempSync(join(tmpdir(), 'kairos-bedrock-test-'));
  const inherited = Object.entries(process.env).filter(([name]) => !/^(AWS|BEDROCK)_/.test(name));
  const env = {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    BEDROCK_DATA_DIR: dataDir,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: join(dataDir, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(dataDir, 'no-credentials'),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    BEDROCK_LOG_LEVEL: 'warn',
    ...overrides,
  };
  return { env, remove: () => rmSync(dataDir, { recursive: true, force: true }) };
}

export interface ConnectedServer {
  readonly client: Client;
  /** Everything the process wrote to stderr so far. */
  stderr(): string;
  close(): Promise<void>;
}

export async function connectOverStdio(args: readonly string[], env: Record<string, string>): Promise<ConnectedServer> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [serverEntry, 'serve', ...args],
    env,
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(transport);
  return { client, stderr: () => stderr, close: () => client.close() };
}

export interface HttpServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  stderr(): string;
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number | null>;
}

/** `starter`: a command that starts the command which it gets as its last arguments. */
export async function startHttpServer(
  args: readonly string[],
  env: Record<string, string>,
  starter: readonly string[] = [],
): Promise<HttpServerProcess> {
  const port = await freePort();
  const server = [process.execPath, serverEntry, 'serve', '--transport', 'http', '--port', String(port), ...args];
  const [command = '', ...rest] = [...starter, ...server];
  const child = spawn(command, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const url = `http://127.0.0.1:${port}`;
  await untilLive(url, child, () => stderr);
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    url,
    process: child,
    stderr: () => stderr,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

export async function connectOverHttp(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)));
  return client;
}

/** The parts of tool results that tests calculate with. */
export interface InvokeResult {
  readonly request_id: string;
  readonly text: string;
  readonly source: string;
  readonly model: { readonly requested: string; readonly used: string; readonly region: string };
  readonly usage: Readonly<Record<string, number>>;
  readonly cost_usd: number;
  readonly attempts: readonly { readonly model: string; readonly outcome: string; readonly category?: string }[];
  readonly notices: readonly string[];
}

export interface CostReportResult {
  readonly totals: { readonly calls: number; readonly cost_usd: number };
  readonly groups: readonly { readonly key: string; readonly cost_usd: number }[];
  readonly budgets: readonly { readonly spent_usd: number; readonly reserved_usd: number }[];
}

export interface ErrorResult {
  readonly error: {
    readonly category: string;
    readonly message: string;
    readonly remedy: string;
    readonly retryable: boolean;
    readonly request_id: string;
    readonly attempts: readonly unknown[];
  };
}

/** A tool's structured result, or its structured error under `error`. */
export async function callTool<Result = Record<string, unknown>>(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<{ result: Result; isError: boolean; text: string }> {
  const answer = (await client.callTool({ name, arguments: args })) as CallToolResult;
  const [first] = answer.content;
  const text = first?.type === 'text' ? first.text : '';
  return { result: (answer.structuredContent ?? {}) as Result, isError: answer.isError === true, text };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

async function untilLive(url: string, child: ChildProcess, stderr: () => string): Promise<void> {
  for (let attempt = 0; attempt < 800; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}: ${stderr()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the server did not become ready: ${stderr()}`);
}
