import type { IncomingMessage, ServerResponse } from 'node:http';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  ErrorCode,
  isInitializeRequest,
  type JSONRPCMessage,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/sdk/types.js';
import { eraOfPost } from '../era.js';
import { isRequest } from '../json-rpc.js';
import type { EndCancelled } from '../protocol-2025/mcp-connection.js';
import { createSessionEvents, type SessionEvents } from './event-store.js';
import { rpcCodes, sendRpcError } from './replies.js';
import { type PostedMessages, readJson, toMessages } from './request-body.js';
import type { McpRouteOptions, Routes } from './route.js';
import type { Session, Sessions } from './sessions.js';

/** How the SDK reaches one client, and what it sent last. */
export interface StreamableChannel {
  readonly transport: StreamableHTTPServerTransport;
  readonly events: SessionEvents;
}

type StreamableSession = Session<StreamableChannel>;
type StreamableSessions = Sessions<StreamableChannel>;

/** The revision that took batches out of the protocol. */
const batchesEndedWith = '2025-06-18';
/** After which a client whose stream broke comes back. */
const retryMs = 1_000;

const expiredEvent =
  'The events after this Last-Event-ID are no longer kept. Open a stream without it, and repeat calls that were not answered.';
const unknownEvent = 'This session has sent no event with this Last-Event-ID.';

export interface StreamableOptions extends McpRouteOptions {
  readonly sessions: StreamableSessions;
}

function allowsBatches(initialize: JSONRPCMessage): boolean {
  if (!isInitializeRequest(initialize)) return false;
  const { protocolVersion } = initialize.params;
  return SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion) && protocolVersion < batchesEndedWith;
}

function findSession(
  request: IncomingMessage,
  response: ServerResponse,
  { sessions, access }: StreamableOptions,
): StreamableSession | undefined {
  const id = request.headers['mcp-session-id'];
  if (typeof id !== 'string') {
    sendRpcError(response, 400, 'The Mcp-Session-Id header is missing: send an initialize request first.');
    return undefined;
  }
  const session = sessions.find(id, access.callerOf(request));
  if (!session) {
    sendRpcError(response, 404, 'Session not found: initialize a new one.', rpcCodes.sessionNotFound);
  }
  return session;
}

/** Why a session does not take these messages. */
function messagesProblem({ messages, isBatch }: PostedMessages, session: StreamableSession): string | undefined {
  if (isBatch && !session.batches) return `Batches are not allowed since protocol revision ${batchesEndedWith}.`;
  const ids = messages.filter(isRequest).map(({ id }) => id);
  const repeated = new Set(ids).size < ids.length || ids.some((id) => session.connection.isRunning(id));
  return repeated ? 'A request with this id is still running.' : undefined;
}

/**
 * A cancelled call gets no answer, but the stream that waits for it ends, and with it what the SDK keeps of the call. A
 * batch shares its stream with other calls, so there the answer goes out.
 */
function endCancelled(transport: StreamableHTTPServerTransport, batches: boolean): EndCancelled {
  return async (id, send) => {
    if (!batches) transport.closeSSEStream(id);
    await send().catch(() => undefined);
  };
}

/** Answers an initialize request and keeps the session it opens. */
async function openSession(
  request: IncomingMessage,
  response: ServerResponse,
  initialize: JSONRPCMessage,
  { connector, access, sessions, random, clock }: StreamableOptions,
): Promise<void> {
  const owner = access.callerOf(request);
  if (!sessions.makeRoom(owner)) {
    sendRpcError(response, 503, 'Too many sessions are in use.', undefined, { 'retry-after': '5' });
    return;
  }
  const connection = connector(owner);
  const batches = allowsBatches(initialize);
  const events = createSessionEvents(clock);
  const transport = new StreamableHTTPServerTransport({
    eventStore: events,
    retryInterval: retryMs,
    sessionIdGenerator: () => random.id(),
    onsessioninitialized: (id) => {
      sessions.add({ id, owner, transport: { transport, events }, connection, batches });
      sessions.hold(id, response);
    },
  });
  transport.onclose = () => {
    if (transport.sessionId) sessions.remove(transport.sessionId);
  };
  await connection.connect(transport, endCancelled(transport, batches));
  await transport.handleRequest(request, response, initialize);
  // The SDK refused it, for its Accept header for example.
  if (transport.sessionId === undefined) await connection.close();
}

async function post(request: IncomingMessage, response: ServerResponse, options: StreamableOptions): Promise<void> {
  const json = await readJson(request, response, options);
  if (json === undefined) return;
  const { 'mcp-protocol-version': version } = request.headers;
  const isModern = eraOfPost(typeof version === 'string' ? version : undefined, json) === '2026';
  const posted = isModern ? undefined : toMessages(json, response);
  if ((!isModern && !posted) || !options.access.admitCalls(request, response, json)) return;
  if (options.lifecycle.draining && (posted?.messages.some(isRequest) ?? true)) {
    sendRpcError(response, 503, 'The server is stopping.', undefined, { connection: 'close' });
    return;
  }
  if (posted) await toSession(request, response, posted, options);
  else await (await options.modern()).handle(request, response, json, options.access.callerOf(request));
}

/** Messages of the earlier era: the first opens a session and the others name theirs. */
async function toSession(
  request: IncomingMessage,
  response: ServerResponse,
  posted: PostedMessages,
  options: StreamableOptions,
): Promise<void> {
  const { messages, isBatch } = posted;
  const [first] = messages;
  if (first && !isBatch && isInitializeRequest(first) && request.headers['mcp-session-id'] === undefined) {
    await openSession(request, response, first, options);
    return;
  }
  const session = findSession(request, response, options);
  if (!session) return;
  const problem = messagesProblem(posted, session);
  if (problem) {
    sendRpcError(response, 400, problem, ErrorCode.InvalidRequest);
    return;
  }
  options.sessions.hold(session.id, response);
  await session.transport.transport.handleRequest(request, response, isBatch ? messages : first);
}

/**
 * Answers a client that wants to go on after an event that is gone, or whose call has ended meanwhile: that stream ends
 * with the answer, where the SDK's would stay open. False while the call still runs.
 */
function answerResume(
  request: IncomingMessage,
  response: ServerResponse,
  { id, transport }: StreamableSession,
): boolean {
  const after = request.headers['last-event-id'];
  if (request.method !== 'GET' || typeof after !== 'string') return false;
  const state = transport.events.stateOf(after);
  if (state !== 'kept') {
    const [status, message] = state === 'expired' ? [410, expiredEvent] : [400, unknownEvent];
    sendRpcError(response, status, message);
    return true;
  }
  const rest = transport.events.restAfter(after);
  if (rest === undefined) return false;
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'mcp-session-id': id };
  response.writeHead(200, headers).end(rest);
  return true;
}

/** Streamable HTTP with sessions: without them a client's cancel would not reach the call it means. */
export function streamableRoutes(options: StreamableOptions): Routes {
  const withoutBody = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const session = findSession(request, response, options);
    if (!session) return;
    options.sessions.hold(session.id, response);
    if (answerResume(request, response, session)) return;
    await session.transport.transport.handleRequest(request, response);
  };
  return {
    '/mcp': { POST: (request, response) => post(request, response, options), GET: withoutBody, DELETE: withoutBody },
  };
}
