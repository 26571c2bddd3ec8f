import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { serverEntry } from '../support/built-server.js';

/* The five ways in which a client can speak to the server, behind one face for the tests. */

type ToolArguments = Record<string, unknown>;

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: { progress: number; message?: string | undefined }) => void;
}

export interface AnyClient {
  version(): string | undefined;
  tools(): Promise<unknown>;
  call(name: string, args: ToolArguments, options?: CallOptions): Promise<ToolAnswer>;
  resources(): Promise<unknown>;
  read(uri: string): Promise<unknown>;
  prompts(): Promise<unknown>;
  completeModel(value: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface ToolAnswer {
  readonly content?: unknown;
  readonly structuredContent?: unknown;
  readonly isError?: unknown;
  readonly [key: string]: unknown;
}

export interface Place {
  readonly env: Record<string, string>;
  readonly url: string;
  /** Sent with each request over HTTP. */
  readonly headers?: Record<string, string>;
}

const info = { name: 'test', version: '1.0.0' };
const launch = (env: Record<string, string>) => ({
  command: process.execPath,
  args: [serverEntry, 'serve'],
  env,
  stderr: 'ignore' as const,
});
const modelArgument = (value: string) => ({
  ref: { type: 'ref/resource' as const, uri: 'bedrock://models/{id}' },
  argument: { name: 'id', value },
});

async function earlier(
  transport: StdioClientTransport | StreamableHTTPClientTransport | SSEClientTransport,
): Promise<AnyClient> {
  const client = new Client(info);
  await client.connect(transport);
  return {
    version: () => '2025-11-25',
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    resources: async () => (await client.listResources()).resources,
    read: async (uri) => (await client.readResource({ uri })).contents,
    prompts: async () => (await client.listPrompts()).prompts,
    completeModel: async (value) => (await client.complete(modelArgument(value))).completion,
    close: () => client.close(),
  };
}

async function later(transport: ModernStdio | ModernHttp): Promise<AnyClient> {
  const client = new ModernClient(info, { versionNegotiation: { mode: 'auto' } });
  await client.connect(transport);
  return {
    version: () => client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools,
    call: (name, args, options) => client.callTool({ name, arguments: args }, options),
    resources: async () => (await client.listResources()).resources,
    read: async (uri) => (await client.readResource({ uri })).contents,
    prompts: async () => (await client.listPrompts()).prompts,
    completeModel: async (value) => (await client.complete(modelArgument(value))).completion,
    close: () => client.close(),
  };
}

export const fiveClients: Readonly<Record<string, (place: Place) => Promise<AnyClient>>> = {
  '2025 stdio': ({ env }) => earlier(new StdioClientTransport(launch(env))),
  '2025 HTTP': ({ url, headers = {} }) =>
    earlier(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit: { headers } })),
  '2025 SSE': ({ url }) => earlier(new SSEClientTransport(new URL(`${url}/sse`))),
  '2026 stdio': ({ env }) => later(new ModernStdio(launch(env))),
  '2026 HTTP': ({ url, headers = {} }) => later(new ModernHttp(new URL(`${url}/mcp`), { requestInit: { headers } })),
};
