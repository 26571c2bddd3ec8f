import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type Clock, systemClock, systemRandom } from '../../../src/core/clock.js';
import type { Logger } from '../../../src/core/ports.js';
import { createCompletionSurface } from '../../../src/server/completion-surface.js';
import type { Tool } from '../../../src/server/define-tool.js';
import { createPromptSurface } from '../../../src/server/prompt-surface.js';
import { createMcpConnector } from '../../../src/server/protocol-2025/mcp-connection.js';
import { serveModernHttp } from '../../../src/server/protocol-2026/http-endpoint.js';
import { connectModernStdio } from '../../../src/server/protocol-2026/stdio-connection.js';
import { createResourceSurface } from '../../../src/server/resource-surface.js';
import { createSurface } from '../../../src/server/surface.js';
import { createToolRegistry } from '../../../src/server/tool-registry.js';
import { tools as allTools } from '../../../tools/index.js';
import { prompts } from '../../../tools/prompts/index.js';
import { resources } from '../../../tools/resources/index.js';
import { createFakeService } from '../../support/fake-service.js';

export const caller = { id: 'tester', tenant: 'default' };

export interface LoggedLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export function createLogKeeper(): Logger & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The whole MCP face over a fake service. */
export function createFace({ tools = allTools, clock = systemClock }: { tools?: readonly Tool[]; clock?: Clock } = {}) {
  const service = createFakeService(clock);
  const logger = createLogKeeper();
  let loads = 0;
  const load = async () => {
    loads += 1;
    return service;
  };
  const registry = createToolRegistry({ tools, service: load, logger, clock, random: systemRandom });
  const documents = { resources, prompts, service: load, clock };
  const surface = createSurface({
    resources: createResourceSurface(documents),
    prompts: createPromptSurface(documents),
    completions: createCompletionSurface(documents),
    registry,
    name: 'kairos-bedrock-mcp',
    version: '1.2.3',
    clock,
  });
  const connector = createMcpConnector({ surface, logger });
  return {
    service,
    load,
    logger,
    registry,
    surface,
    connector,
    loadModern: async () => serveModernHttp({ surface, logger }),
    connectModern: async (transport: Transport) => connectModernStdio({ surface, caller, logger, transport }),
    loads: () => loads,
  };
}

export function newClient(): Client {
  return new Client({ name: 'test-client', version: '1.0.0' });
}

/** Lists the tools first, so that the client checks every answer against its output schema. */
export async function ask(client: Client, name: string, args: Record<string, unknown>): Promise<CallToolResult> {
  return (await client.callTool({ name, arguments: args })) as CallToolResult;
}

export function errorOf(result: { structuredContent?: unknown }): Record<string, unknown> {
  return (result.structuredContent as { error: Record<string, unknown> }).error;
}

export function textOf(result: CallToolResult): string {
  const [first] = result.content;
  return first?.type === 'text' ? first.text : '';
}

/** Waits for something that another part of the process does, without guessing how long it takes. */
export async function until(condition: () => boolean, what: string, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
