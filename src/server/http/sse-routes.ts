import type { IncomingMessage, ServerResponse } from 'node:http';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { isRequest } from '../json-rpc.js';
import { rpcCodes, sendRpcError } from './replies.js';
import { readJson, toMessages } from './request-body.js';
import type { McpRouteOptions, Routes } from './route.js';
import type { Sessions } from './sessions.js';

export interface SseOptions extends McpRouteOptions {
  readonly sessions: Sessions<SSEServerTransport>;
}

async function openStream(
  request: IncomingMessage,
  response: ServerResponse,
  { connector, access, sessions, lifecycle }: SseOptions,
): Promise<void> {
  const owner = access.callerOf(request);
  if (lifecycle.draining || !sessions.makeRoom(owner)) {
    const message = lifecycle.draining ? 'The server is stopping.' : 'Too many sessions are in use.';
    sendRpcError(response, 503, message, undefined, { 'retry-after': '5' });
    return;
  }
  const transport = new SSEServerTransport('/messages', response);
  const connection = connector(owner);
  const id = transport.sessionId;
  transport.onclose = () => sessions.remove(id);
  sessions.add({ id, owner, transport, connection, batches: false });
  // The stream is the session: it counts as used for as long as the client listens.
  sessions.hold(id, response);
  await connection.connect(transport);
}

async function post(request: IncomingMessage, response: ServerResponse, url: URL, options: SseOptions): Promise<void> {
  const session = options.sessions.find(url.searchParams.get('sessionId') ?? '', options.access.callerOf(request));
  if (!session) {
    sendRpcError(response, 404, 'Session not found: open /sse first.', rpcCodes.sessionNotFound);
    return;
  }
  const json = await readJson(request, response, options);
  const posted = json === undefined ? undefined : toMessages(json, response);
  const message = posted?.messages[0];
  if (!posted || !message || !options.access.admitCalls(request, response, json)) return;
  if (posted.isBatch || (isRequest(message) && session.connection.isRunning(message.id))) {
    const problem = posted.isBatch ? 'Batches are not allowed here.' : 'A request with this id is still running.';
    sendRpcError(response, 400, problem, ErrorCode.InvalidRequest);
    return;
  }
  if (options.lifecycle.draining && isRequest(message)) {
    sendRpcError(response, 503, 'The server is stopping.', undefined, { connection: 'close' });
    return;
  }
  await session.transport.handleMessage(message);
  response.writeHead(202, { 'content-length': 0 }).end();
}

/** The transport of protocol revision 2024-11-05, for clients that know no other. */
export function sseRoutes(options: SseOptions): Routes {
  return {
    '/sse': { GET: (request, response) => openStream(request, response, options) },
    '/messages': { POST: (request, response, url) => post(request, response, url, options) },
  };
}
