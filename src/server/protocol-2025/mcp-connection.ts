import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CancelledNotificationSchema,
  ErrorCode,
  type JSONRPCRequest,
  McpError,
  type RequestId,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import { ServiceError } from '../../core/errors.js';
import type { Caller } from '../../core/pipeline.js';
import type { Logger } from '../../core/ports.js';
import { errorResult } from '../answers.js';
import { capabilitiesOf, handleRequest } from '../requests.js';
import { createRunningRequests, type RunningRequests } from '../running-requests.js';
import type { McpSurface, RequestContext } from '../surface.js';

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

const maxRequestsInFlight = 256;

export interface McpConnectionOptions {
  readonly surface: McpSurface;
  readonly logger: Logger;
  /** Called once a client has been greeted: the time to load what its first call needs. */
  readonly onInitialized?: () => void;
}

/** What a transport does in place of sending the answer of a cancelled request. */
export type EndCancelled = (id: RequestId, send: () => Promise<void>) => Promise<void>;

/** One client, whatever it is connected by. */
export interface McpConnection {
  connect(transport: Transport, endCancelled?: EndCancelled): Promise<void>;
  /** True while a request with this JSON-RPC id runs: a second one must not take its answer. */
  isRunning(id: RequestId): boolean;
  requestsInFlight(): number;
  /** Resolves as soon as no request runs. */
  idle(): Promise<void>;
  /** Aborts running requests and closes the transport. */
  close(): Promise<void>;
}

/** Makes the connection for a new client. */
export type McpConnector = (caller: Caller) => McpConnection;

const overloaded = new ServiceError('rate_limit', `This client has ${maxRequestsInFlight} requests running already.`, {
  reason: 'overloaded',
  retryAfterMs: 1_000,
});

function refuse({ id, method }: JSONRPCRequest) {
  if (method === 'tools/call') return { ...errorResult(overloaded, String(id)) };
  throw new McpError(ErrorCode.InternalError, overloaded.message, { category: overloaded.category });
}

function contextOf(caller: Caller, signal: AbortSignal, extra: Extra): RequestContext {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return { caller, signal, era: '2025' };
  return {
    caller,
    signal,
    era: '2025',
    sendProgress: (progress, message) =>
      extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, message } }),
  };
}

/** Keeps the answer of a cancelled request from the client, who no longer expects it. */
function silenceCancelled(transport: Transport, requests: RunningRequests, endCancelled?: EndCancelled): Transport {
  const send = transport.send.bind(transport);
  transport.send = async (message, options) => {
    const id = 'id' in message && !('method' in message) ? message.id : undefined;
    if (id === undefined || !requests.takeCancelled(id)) await send(message, options);
    else await endCancelled?.(id, () => send(message, options));
  };
  return transport;
}

/**
 * Speaks the protocol revisions up to 2025-11-25 for one client. The SDK's low-level Server is used, because the
 * high-level one lists union schemas as empty, drops unknown arguments and shows thrown texts to the client.
 */
function createConnection(
  { surface, logger, onInitialized }: McpConnectionOptions,
  validator: AjvJsonSchemaValidator,
  caller: Caller,
): McpConnection {
  const { name, version } = surface;
  const capabilities = capabilitiesOf(surface);
  const instructions = surface.instructions(caller);
  const server = new Server({ name, version }, { capabilities, instructions, jsonSchemaValidator: validator });
  const requests = createRunningRequests();
  if (onInitialized) server.oninitialized = onInitialized;
  server.onerror = (error) => logger.debug('The MCP connection reported a problem.', { error });
  // In place of the SDK's own, which takes the id 0 for none.
  server.setNotificationHandler(CancelledNotificationSchema, ({ params: { requestId, reason } }) => {
    if (requestId !== undefined) requests.cancel(requestId, reason);
  });
  // Not through setRequestHandler: for some methods the SDK answers malformed parameters with the text of its schema
  // library and parses every result a second time.
  server.fallbackRequestHandler = async (request: JSONRPCRequest, extra) => {
    if (requests.has(request.id)) {
      throw new McpError(ErrorCode.InvalidRequest, 'A request with this id is still running.');
    }
    if (requests.size() >= maxRequestsInFlight) return refuse(request);
    return await requests.run(request.id, extra.signal, (signal) =>
      handleRequest(surface, request, contextOf(caller, signal, extra)),
    );
  };
  return {
    connect: (transport, endCancelled) => server.connect(silenceCancelled(transport, requests, endCancelled)),
    isRunning: requests.has,
    requestsInFlight: requests.size,
    idle: requests.idle,
    close: () => server.close(),
  };
}

/** One connector for all clients: the JSON Schema validator is made once. */
export function createMcpConnector(options: McpConnectionOptions): McpConnector {
  const validator = new AjvJsonSchemaValidator();
  return (caller) => createConnection(options, validator, caller);
}
