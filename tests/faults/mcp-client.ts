import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { systemClock, systemRandom } from '../../src/core/clock.js';
import type { Logger } from '../../src/core/ports.js';
import { createMcpConnector } from '../../src/server/protocol-2025/mcp-connection.js';
import { createSurface } from '../../src/server/surface.js';
import { createToolRegistry } from '../../src/server/tool-registry.js';
import { tools } from '../../tools/index.js';
import type { ErrorResult, InvokeResult } from '../support/built-server.js';
import type { TestApplication } from './application.js';

const silent = () => undefined;
const silentLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent };

export interface InvokeAnswer {
  readonly isError: boolean;
  /** The structured result of a call that succeeded. */
  readonly result: InvokeResult;
  /** The structured error of one that failed. */
  readonly error: ErrorResult['error'] & { readonly retry_after_ms?: number };
  readonly everything: string;
  readonly elapsedMs: number;
}

/** A client of the MCP SDK, connected to the application by its own server code. */
export async function connectClient({ application }: TestApplication) {
  const registry = createToolRegistry({
    tools,
    service: () => Promise.resolve(application.service),
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
  });
  const surface = createSurface({ registry, name: 'kairos-bedrock-mcp', version: '0.0.0', clock: systemClock });
  const connector = createMcpConnector({ surface, logger: silentLogger });
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await connector({ id: 'tester', tenant: 'tester' }).connect(serverSide);
  const client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(clientSide);

  const call = async (name: string, args: Record<string, unknown>, signal?: AbortSignal) =>
    (await client.callTool({ name, arguments: args }, undefined, signal ? { signal } : {})) as CallToolResult;

  return {
    call,
    invoke: async (args: Record<string, unknown>, signal?: AbortSignal): Promise<InvokeAnswer> => {
      const startedAt = performance.now();
      const given = { prompt: 'Hello there', max_tokens: 40, cache: 'bypass', ...args };
      const answer = await call('bedrock_invoke', given, signal);
      const structured = (answer.structuredContent ?? {}) as unknown;
      return {
        isError: answer.isError === true,
        result: structured as InvokeResult,
        error: (structured as Partial<ErrorResult>).error as InvokeAnswer['error'],
        everything: JSON.stringify(answer),
        elapsedMs: performance.now() - startedAt,
      };
    },
    close: () => client.close(),
  };
}

export type TestClient = Awaited<ReturnType<typeof connectClient>>;
