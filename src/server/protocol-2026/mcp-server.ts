import { type JSONRPCRequest, Server, type ServerContext } from '@modelcontextprotocol/server';
import type { Caller } from '../../core/pipeline.js';
import { capabilitiesOf, handleRequest, isKnownMethod } from '../requests.js';
import type { RequestId } from '../running-requests.js';
import type { McpSurface, RequestContext } from '../surface.js';

type Result = Readonly<Record<string, unknown>>;

/** Runs one request and counts it while it runs; refuses it by throwing RequestFailure. */
export type RunRequest = (
  id: RequestId,
  closed: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
) => Promise<Result>;

export interface ModernServerOptions {
  readonly surface: McpSurface;
  readonly caller: Caller;
  readonly run: RunRequest;
  /** Of the only request that the server is for; absent when it serves a connection. */
  readonly method?: string | undefined;
}

/** What clients may keep, and for how long: the lists of a process change with its settings only. */
const listTtlMs = 300_000;
const readTtlMs = 5_000;

function contextOf(caller: Caller, signal: AbortSignal, { mcpReq }: ServerContext): RequestContext {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return { caller, signal, era: '2026' };
  return {
    caller,
    signal,
    era: '2026',
    sendProgress: (progress, message) =>
      mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, message } }),
  };
}

/** Lists depend on the scopes of the caller and reads on who it is, so nobody else may be given a kept copy. */
function cacheFields(method: string) {
  if (method === 'resources/read') return { ttlMs: readTtlMs, cacheScope: 'private' };
  return method.endsWith('/list') ? { ttlMs: listTtlMs, cacheScope: 'private' } : {};
}

/**
 * Speaks revision 2026-07-28 for one request over HTTP, or for one client over stdio. Loaded for the first client of
 * that era, because it brings an SDK of its own.
 */
export function createModernServer({ surface, caller, run, method }: ModernServerOptions): Server {
  const { name, version } = surface;
  const server = new Server(
    { name, version },
    { capabilities: capabilitiesOf(surface), instructions: surface.instructions(caller) },
  );
  // The SDK answers what has no handler, over HTTP with the status 404.
  if (method !== undefined && !isKnownMethod(method)) return server;
  server.fallbackRequestHandler = async (request: JSONRPCRequest, context) => {
    const result = await run(request.id, context.mcpReq.signal, (signal) =>
      handleRequest(surface, request, contextOf(caller, signal, context)),
    );
    return { ...result, ...cacheFields(request.method) };
  };
  return server;
}
