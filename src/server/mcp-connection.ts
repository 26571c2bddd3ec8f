import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  type CallToolResult,
  ErrorCode,
  type JSONRPCRequest,
  ListToolsRequestSchema,
  McpError,
  type RequestId,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { z } from 'zod';
import type { Clock } from '../core/clock.js';
import { ServiceError } from '../core/errors.js';
import type { Caller } from '../core/pipeline.js';
import type { Logger } from '../core/ports.js';
import { errorResult, type ToolResult } from './answers.js';
import { serverInstructions } from './instructions.js';
import { createProgressReporter } from './progress.js';
import type { ToolRegistry } from './tool-registry.js';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const maxCallsInFlight = 256;

export interface McpConnectionOptions {
  readonly registry: ToolRegistry;
  readonly name: string;
  readonly version: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called once a client has been greeted: the time to load what its first call needs. */
  readonly onInitialized?: () => void;
}

/** One client, whatever it is connected by. */
export interface McpConnection {
  connect(transport: Transport): Promise<void>;
  /** True while a call with this JSON-RPC id runs: a second one must not take its answer. */
  isRunning(id: RequestId): boolean;
  callsInFlight(): number;
  /** Resolves as soon as no call runs. */
  idle(): Promise<void>;
  /** Aborts running calls and closes the transport. */
  close(): Promise<void>;
}

/** Makes the connection for a new client. */
export type McpConnector = (caller: Caller) => McpConnection;

const callParams = z.object({
  name: z.string(),
  arguments: z.unknown(),
});

interface Calls {
  readonly running: Map<RequestId, string>;
  run<Result>(id: RequestId, work: () => Promise<Result>): Promise<Result>;
  idle(): Promise<void>;
}

function createCalls(): Calls {
  const running = new Map<RequestId, string>();
  let waiting: (() => void)[] = [];
  return {
    running,
    run: async (id, work) => {
      running.set(id, String(id));
      try {
        return await work();
      } finally {
        running.delete(id);
        if (running.size === 0) {
          for (const resolve of waiting) resolve();
          waiting = [];
        }
      }
    },
    idle: () => (running.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function parseCall(request: JSONRPCRequest): z.output<typeof callParams> {
  if (request.method !== 'tools/call') throw new McpError(ErrorCode.MethodNotFound, 'Method not found');
  const parsed = callParams.safeParse(request.params);
  if (parsed.success) return parsed.data;
  throw new McpError(ErrorCode.InvalidParams, 'tools/call needs the `name` of a tool, as a string.');
}

const overloaded = new ServiceError('rate_limit', `This client has ${maxCallsInFlight} calls running already.`, {
  reason: 'overloaded',
  retryAfterMs: 1_000,
});

/** Runs one tools/call with progress, where the client asked for it, and with its cancel as the signal. */
async function callTool(
  { registry, clock }: McpConnectionOptions,
  caller: Caller,
  { name, arguments: args = {} }: z.output<typeof callParams>,
  extra: Extra,
): Promise<ToolResult> {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return registry.call(name, args, { caller, signal: extra.signal });
  const progress = createProgressReporter({
    clock,
    send: (value, message) =>
      extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, progress: value, message },
      }),
  });
  try {
    return await registry.call(name, args, { caller, signal: extra.signal, onEvent: progress.onEvent });
  } finally {
    progress.stop();
  }
}

/**
 * Speaks the protocol revisions up to 2025-11-25 for one client. The SDK's low-level Server is used, because the
 * high-level one lists union schemas as empty, drops unknown arguments and shows thrown texts to the client.
 */
function createConnection(
  options: McpConnectionOptions,
  instructions: string,
  validator: AjvJsonSchemaValidator,
  caller: Caller,
): McpConnection {
  const { registry, name, version, logger, onInitialized } = options;
  const server = new Server(
    { name, version },
    { capabilities: { tools: {} }, instructions, jsonSchemaValidator: validator },
  );
  const calls = createCalls();
  if (onInitialized) server.oninitialized = onInitialized;
  server.onerror = (error) => logger.debug('The MCP connection reported a problem.', { error });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...registry.listing()] }));
  // Not through setRequestHandler: for tools/call the SDK answers malformed parameters with the text of its schema
  // library and parses every result a second time.
  server.fallbackRequestHandler = async (request, extra) => {
    const call = parseCall(request);
    const { running } = calls;
    if (running.has(request.id)) throw new McpError(ErrorCode.InvalidRequest, 'A call with this id is still running.');
    if (running.size >= maxCallsInFlight) return errorResult(overloaded, String(request.id)) as CallToolResult;
    return (await calls.run(request.id, () => callTool(options, caller, call, extra))) as CallToolResult;
  };
  return {
    connect: (transport) => server.connect(transport),
    isRunning: (id) => calls.running.has(id),
    callsInFlight: () => calls.running.size,
    idle: calls.idle,
    close: () => server.close(),
  };
}

/** One connector for all clients: tool list, instructions and JSON Schema validator are made once. */
export function createMcpConnector(options: McpConnectionOptions): McpConnector {
  const instructions = serverInstructions(options.registry.tools);
  const validator = new AjvJsonSchemaValidator();
  return (caller) => createConnection(options, instructions, validator, caller);
}
